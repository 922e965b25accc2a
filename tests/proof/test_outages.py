"""The database away for 10 s, the back ends for 30 s, while orders are placed: nothing lost, nothing doubled."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL

import pytest
from httpx2 import Response

from tests.proof.books import Promised
from tests.proof.client import Channel
from tests.proof.load import Load
from tests.proof.processes import until
from tests.proof.rig import Rig, open_rig
from tests.proof.server import Server

pytestmark = pytest.mark.proof

BUYERS = 6
PACE = 1.0  # seconds between the orders of one buyer
BEFORE, AFTER = 4.0, 4.0
DATABASE_AWAY, BACK_ENDS_AWAY = 10.0, 30.0


@asynccontextmanager
async def _under_load(rig: Rig) -> AsyncIterator[tuple[Channel, Load]]:
    _, address = await rig.start_edge()
    for _ in range(2):
        rig.start_worker()
    async with rig.channel(address) as channel:
        load = Load(channel, buyers=BUYERS, pace=PACE)
        await load.goes_on(BEFORE)
        yield channel, load


async def _recovered(rig: Rig, channel: Channel, load: Load) -> list[Promised]:
    """By itself: orders are acknowledged again, and all of them end well."""
    acknowledged = len(channel.acked)

    async def again() -> bool:
        return len(channel.acked) > acknowledged

    await until(again, what="orders are acknowledged again", within=60)
    await load.goes_on(AFTER)
    await load.ends()
    promised = await rig.audit(channel, within=180)
    assert {order.status for order in promised} == {"completed"}
    return promised


@pytest.fixture
async def server(home: Path) -> AsyncIterator[Server]:
    opened = Server(home / "server")
    await opened.start()
    try:
        yield opened
    finally:
        opened.stop()


async def test_a_database_away_for_ten_seconds_costs_time_only(server: Server, home: Path) -> None:
    async with open_rig(server.url, home) as rig, _under_load(rig) as (channel, load):
        server.stop()
        await load.goes_on(DATABASE_AWAY)
        refused = list(channel.refused)
        await server.start()
        promised = await _recovered(rig, channel, load)

    slowest = max(answer.elapsed.total_seconds() for answer in channel.refused)
    print(f"\ndatabase away: {len(promised)} orders acknowledged, {len(channel.refused)} answers 503 meanwhile")
    print(f"  the slowest of them after {slowest:.1f} s; effects {Counter(map(_effect, channel.refused))}")
    assert len(refused) >= BUYERS
    for answer in channel.refused:
        _is_a_clear_503(answer)


async def test_back_ends_away_for_thirty_seconds_cost_time_only(rig: Rig) -> None:
    async with _under_load(rig) as (channel, load):
        sandbox = next(process for process in rig.processes if process.name == "sandbox")
        sandbox.end(SIGKILL)
        await load.goes_on(BACK_ENDS_AWAY)
        await rig.start_sandbox()
        promised = await _recovered(rig, channel, load)

    print(f"\nback ends away: {len(promised)} orders acknowledged, {len(channel.refused)} answers 503")
    assert len(promised) >= BUYERS * 20
    assert channel.refused == []


def _effect(answer: Response) -> str | None:
    told: str | None = answer.json().get("effect")
    return told


def _is_a_clear_503(answer: Response) -> None:
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (problem["status"], problem["code"], problem["retryable"]) == (503, "unavailable", True)
    assert problem.get("effect", "none") in ("none", "unknown")  # not said by what is refused before acceptance
    assert int(answer.headers["retry-after"]) >= 1
