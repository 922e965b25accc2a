"""A worker that is told to stop stops, whatever it is about at that moment."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.endings import end
from gateway.governance.bundle import Bundle
from gateway.store.pool import Database
from gateway.workflows.operations import SAGAS
from gateway.workflows.tools import Tools
from gateway.workflows.worker import Worker
from tests.journeys.opening import open_shop
from tests.journeys.shop import PATIENCE, Shop

pytestmark = pytest.mark.proof


class Connection:
    """Closed when nobody holds it any more."""


@pytest.fixture
async def polled(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """All that a worker does beside its runs, the changes of two systems among it."""
    async with open_shop(database_url, tmp_path, promises, polled=True) as opened:
        await opened.stop_workers()
        yield opened


async def test_a_worker_stops_at_whichever_moment_of_its_start_it_is_told(polled: Shop) -> None:
    narrow = Database(polled.gate.database.url, connections=2, name="narrow")
    await narrow.open(within=PATIENCE)
    tools = Tools(narrow, polled.back_ends, system_clock, mint, metrics=polled.metrics)
    for moment in range(100):
        worker = Worker(SAGAS, tools)
        async with asyncio.timeout(PATIENCE):
            working = asyncio.create_task(worker.work())
            while not narrow.load().waiting:
                await asyncio.sleep(0)
            for _ in range(moment):
                await asyncio.sleep(0)
            worker.stop()
            await working
    await narrow.close()


async def test_who_does_not_hear_at_once_is_told_again() -> None:
    told = 0

    async def hard_of_hearing() -> None:
        nonlocal told
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1
                if told == 2:
                    raise

    task = asyncio.create_task(hard_of_hearing())
    await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE):
        await end([task])

    assert (task.cancelled(), told) == (True, 2)


async def test_what_ended_badly_has_ended() -> None:
    async def fail() -> None:
        raise OSError("gone")

    task = asyncio.create_task(fail())

    await end([task])

    assert task.done()


async def test_what_a_task_had_open_is_let_go() -> None:
    async def keep(opened: list[weakref.ref[Connection]]) -> None:
        connection = Connection()
        opened.append(weakref.ref(connection))
        await asyncio.Event().wait()

    opened: list[weakref.ref[Connection]] = []
    task = asyncio.create_task(keep(opened))
    await asyncio.sleep(0)

    await end([task])

    assert [each() for each in opened] == [None]


async def test_nothing_has_ended_already() -> None:
    await end([])
