"""
A worker is killed with SIGKILL as it enters each of its network sends, from the first to the last of a story.

What is sent to PostgreSQL or a back end takes effect whether its sender lives or not, so a death at send K is a death
after everything up to send K-1: after each commit and after each request. A second round kills between a commit or a
request and the reading of its answer. Wherever it dies: one effect per key, a legal end, nothing parked.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
import structlog

from gateway.store.embedded import Embedded
from observability import logs
from tests.proof.branches import open_street
from tests.proof.crashes import Crash, Grid, Story
from tests.proof.rig import open_rig
from tests.proof.victims import SENDS, Shot, open_nursery
from tests.tools import tool

pytestmark = pytest.mark.proof

LANES = 12  # crashes at a time: most of one is waiting for a dead worker's lease to run out
SURVIVED = 3  # so many workers have outlived the story: there is nothing more to kill
ROUNDS = 3  # of aiming again at what was missed

REFUSED_BY_THE_WAREHOUSE = {"system": "wms", "operation": "create_shipment", "kind": "refuse", "every": 1}
FORWARD = ("POST /psp/authorisations", "POST /erp/sales-orders", "POST /wms/shipments")
BACKWARD = ("POST /erp/sales-orders/cancel", "POST /psp/authorisations/void")
STORIES = (
    Story("happy", "completed", (*FORWARD, "POST /psp/authorisations/captures", "POST /erp/invoices")),
    Story("declined late", "rejected", (*FORWARD, *BACKWARD), rules=(REFUSED_BY_THE_WAREHOUSE,)),
    Story("cancelled", "cancelled", (*FORWARD, "POST /wms/shipments/cancel", *BACKWARD), cancelled=True),
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Successors run in this process, and what they say of takeovers is not the test's to print."""
    logs.configure(level="CRITICAL")
    yield
    structlog.reset_defaults()


@pytest.fixture(params=STORIES, ids=lambda story: story.name.replace(" ", "-"))
async def grid(request: pytest.FixtureRequest, cluster: Embedded, home: Path) -> AsyncIterator[Grid]:
    program, story = tool("strace").path, request.param
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
    at_sends = [crash for call in SENDS for crash in await _at_every(call, grid)]
    whole = max((crash for crash in at_sends if not crash.hit), key=lambda crash: len(crash.done))
    before_answers = await _all(grid, iter(whole.answers))
    crashes = [*at_sends, *before_answers]
    for _ in range(ROUNDS):
        again = [shot for place in _missed(crashes, whole) for shot in _near(at_sends, place)]
        crashes += await _all(grid, iter(again))

    _tell(grid.story, at_sends, before_answers, crashes, whole)
    assert [(crash.aimed, crash.done[-1:], crash.faults) for crash in crashes if crash.faults] == []
    assert tuple(mark for mark in whole.done if mark.startswith("POST")) == grid.story.requests
    assert _missed(crashes, whole) == []


async def _at_every(call: str, grid: Grid) -> list[Crash]:
    """At each such call, from the first on, until nobody is left to be killed."""
    crashes: list[Crash] = []

    def further() -> Iterator[Shot]:
        for at in itertools.count(1):
            if sum(not crash.hit for crash in crashes) >= SURVIVED:
                return
            yield Shot(call, at)

    return await _all(grid, further(), crashes)


async def _all(grid: Grid, shots: Iterator[Shot], crashes: list[Crash] | None = None) -> list[Crash]:
    found = crashes if crashes is not None else []

    async def lane() -> None:
        for shot in shots:
            found.append(await grid.crash(shot))

    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())
    return found


def _missed(crashes: Sequence[Crash], whole: Crash) -> list[int]:
    """After how many of its commits and requests nobody died yet; polls beside them shift the shots by a few calls."""
    # who was not hit is killed when there is nothing left to do: after the last commit
    died = {len(crash.done) for crash in crashes if crash.done == whole.done[: len(crash.done)]}
    return [place for place in range(len(whole.done) + 1) if place not in died]


def _near(crashes: Sequence[Crash], place: int) -> Iterator[Shot]:
    """Shots that hit just before that place, and just after it: once more, with other luck."""
    for crash in crashes:
        if crash.hit and abs(len(crash.done) - place) == 1:
            yield crash.aimed


def _tell(
    story: Story, at_sends: Sequence[Crash], before_answers: Sequence[Crash], crashes: Sequence[Crash], whole: Crash
) -> None:
    hits = [crash for crash in crashes if crash.hit]
    last = Counter("nothing" if not crash.done else crash.done[-1].partition(" ")[0] for crash in hits)
    kinds = Counter(crash.aimed.call for crash in hits)
    print(
        f"\n{story.name}: {len(hits)} kills, {sum(crash.hit for crash in at_sends)} of them at the entry of each send,"
        f" {sum(crash.hit for crash in before_answers)} before an answer was read\n"
        f"  by call: {', '.join(f'{kind} {count}' for kind, count in kinds.items())}\n"
        f"  last done: commit {last['commit']}, request {last['POST'] + last['GET']}, nothing yet {last['nothing']}\n"
        f"  after {len(whole.done) - len(_missed(crashes, whole))} of {len(whole.done)}: {' > '.join(whole.done)}"
    )
