"""
R2: a worker is killed with SIGKILL as it enters each of its network sends, from the first to the last of a story; then
PostgreSQL is, as it enters a sync of its own.

What is sent to PostgreSQL or a back end takes effect whether its sender lives or not, so a death at send K is a death
after everything up to send K-1: after each commit and after each request. A second round kills between a commit or a
request and the reading of its answer. Wherever it dies: one effect per key, a legal end, nothing parked.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import psycopg

from gateway.store.embedded import acquire
from observability import logs
from tests.chaos.points.syncs import killed_at_syncs
from tests.chaos.room import Room
from tests.proof.branches import open_street
from tests.proof.crashes import Crash, Grid, Story
from tests.proof.rig import open_rig
from tests.proof.victims import SENDS, Shot, open_nursery
from tests.tools import tool

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


async def crash_points(room: Room) -> None:
    logs.configure(
        level="CRITICAL"
    )  # successors run in this process, and what they say of takeovers is not ours to print
    for story in STORIES[: room.size["stories"]]:
        home = room.home / story.name.replace(" ", "-")
        home.mkdir(mode=0o711)
        with acquire(home, durable=False) as cluster:
            server, name = cluster.url.rpartition("/")[0], "furnished"
            with psycopg.connect(cluster.url, autocommit=True) as connection:
                connection.execute(f'create database "{name}"')
            async with (
                open_rig(f"{server}/{name}", home) as rig,
                open_street(rig, f"{server}/{name}") as street,
                open_nursery(rig.environment) as nursery,
            ):
                (await rig.sandbox.post("/faults", json={"seed": 1, "rules": [*story.rules]})).raise_for_status()
                (await rig.sandbox.post("/wms/_hold", json={"hold": story.cancelled})).raise_for_status()
                await _everywhere(room, Grid(street, nursery, tool("strace").path, home, story))
    await killed_at_syncs(room)


async def _everywhere(room: Room, grid: Grid) -> None:
    at_sends = [crash for call in SENDS for crash in await _at_every(call, grid)]
    whole = max((crash for crash in at_sends if not crash.hit), key=lambda crash: len(crash.done))
    crashes = [*at_sends, *await _all(grid, iter(whole.answers))]
    for _ in range(ROUNDS):
        again = [shot for place in _missed(crashes, whole) for shot in _near(at_sends, place)]
        crashes += await _all(grid, iter(again))

    room.counts |= _counted(grid.story, crashes, whole)
    room.wrong += [f"{crash.aimed} after {crash.done[-1:]}: {fault}" for crash in crashes for fault in crash.faults]
    sent = tuple(mark for mark in whole.done if mark.startswith("POST"))
    room.hold(sent == grid.story.requests, f"{grid.story.name}: a worker that nobody kills sent {sent}")
    missed = _missed(crashes, whole)
    room.hold(not missed, f"{grid.story.name}: nobody died after {missed} of {whole.done}")


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


def _counted(story: Story, crashes: Sequence[Crash], whole: Crash) -> dict[str, int]:
    hits = [crash for crash in crashes if crash.hit]
    last = Counter("nothing" if not crash.done else crash.done[-1].partition(" ")[0] for crash in hits)
    return {
        f"{story.name}: kills": len(hits),
        "after a commit": last["commit"],
        "after a request": last["POST"] + last["GET"],
        f"{story.name}: points": len(whole.done),
        "died after": len(whole.done) + 1 - len(_missed(crashes, whole)),
    }
