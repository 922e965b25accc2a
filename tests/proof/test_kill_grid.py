"""
A worker is killed with SIGKILL as it enters each of its network sends, from the first to the last of a story.

What is sent to PostgreSQL or a back end takes effect whether its sender lives or not, so a death at send K is a death
after everything up to send K-1: after each commit and after each request. A second round kills between a commit or a
request and the reading of its answer. Wherever it dies: one effect per key, a legal end, nothing parked.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog

from gateway.store.embedded import Embedded
from observability import logs
from tests.proof.branches import open_street
from tests.proof.crashes import Crash, Grid, Story
from tests.proof.rig import open_rig
from tests.proof.tools import strace
from tests.proof.victims import RECEIPTS, SENDS, open_nursery

pytestmark = pytest.mark.proof

LANES = 12  # crashes at a time: most of one is waiting for a dead worker's lease to run out
SURVIVED = 3  # so many workers in a row have outlived the story: there is nothing more to kill

REFUSED_BY_THE_WAREHOUSE = {"system": "wms", "operation": "create_shipment", "kind": "refuse", "every": 1}
STORIES = (
    Story("happy", "completed"),
    Story("declined late", "rejected", rules=(REFUSED_BY_THE_WAREHOUSE,)),
    Story("cancelled", "cancelled", cancelled=True),
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Successors run in this process, and what they say of takeovers is not the test's to print."""
    logs.configure(level="CRITICAL")
    yield
    structlog.reset_defaults()


@pytest.fixture(params=STORIES, ids=lambda story: story.name.replace(" ", "-"))
async def grid(request: pytest.FixtureRequest, cluster: Embedded, home: Path) -> AsyncIterator[Grid]:
    program, story = strace(), request.param
    server, name = cluster.url.rpartition("/")[0], f"furnished_{story.name.replace(' ', '_')}"
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    async with (
        open_rig(f"{server}/{name}", home) as rig,
        open_street(rig, f"{server}/{name}") as street,
        open_nursery(rig.environment) as nursery,
    ):
        (await rig.sandbox.post("/faults", json={"seed": 1, "rules": [*story.rules]})).raise_for_status()
        (await rig.sandbox.post("/wms/_hold", json={"hold": story.cancelled})).raise_for_status()
        yield Grid(street, nursery, program, home, story)


async def test_a_worker_killed_at_any_send_leaves_an_order_that_ends_rightly(grid: Grid) -> None:
    at_sends = await _at_every_send(grid)
    whole = max((crash for crash in at_sends if not crash.shot), key=lambda crash: len(crash.done))
    before_answers = await _at_each(grid, whole)

    crashes = [*at_sends, *before_answers]
    covered = {len(crash.done) for crash in crashes if crash.shot and crash.done == whole.done[: len(crash.done)]}
    _tell(grid.story, at_sends, before_answers, whole, covered)
    assert [(c.calls[0], c.at, c.done[-1:], c.faults) for c in crashes if c.faults] == []
    assert set(range(len(whole.done) + 1)) - covered == set()


async def _at_every_send(grid: Grid) -> list[Crash]:
    numbers, crashes = itertools.count(1), list[Crash]()

    async def lane() -> None:
        while sum(not crash.shot for crash in crashes) < SURVIVED:
            crashes.append(await grid.crash(SENDS, next(numbers)))

    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())
    return sorted(crashes, key=lambda crash: crash.at)


async def _at_each(grid: Grid, whole: Crash) -> list[Crash]:
    """Where the answers of *whole*'s commits and requests were read; polls beside them may shift it by a few."""
    numbers, crashes = iter(whole.answers), list[Crash]()

    async def lane() -> None:
        for number in numbers:
            crashes.append(await grid.crash(RECEIPTS, number))

    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())
    return crashes


def _tell(story: Story, at_sends: list[Crash], before_answers: list[Crash], whole: Crash, covered: set[int]) -> None:
    killed = [crash for crash in (*at_sends, *before_answers) if crash.shot]
    kinds = {"commit": 0, "request": 0}
    for crash in killed:
        if crash.done:
            kinds["commit" if crash.done[-1] == "commit" else "request"] += 1
    print(
        f"\n{story.name}: {len(killed)} kills ({sum(c.shot for c in at_sends)} at sends, "
        f"{sum(c.shot for c in before_answers)} before an answer was read); last done: "
        f"a commit {kinds['commit']}, a request {kinds['request']}, nothing yet "
        f"{len(killed) - sum(kinds.values())}; after {len(covered - {0})} of its {len(whole.done)} commits and requests"
    )
    print(f"  {' > '.join(whole.done)}")
