"""The edges and workers of a run under chaos: each has a place, dies there, and comes back there."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from httpx2 import AsyncClient, HTTPError

from tests.proof.processes import free_port, until
from tests.proof.rig import STARTED, Rig
from tests.proof.victims import Nursery, open_nursery

ALIVE = 0  # the signal that only asks
STARTED_WORKER = b"worker started"


@dataclass(slots=True)
class Place:
    """Where one process after the other lives."""

    name: str
    command: str  # serve | worker
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    pid: int = 0

    @property
    def alive(self) -> bool:
        if not self.pid:
            return False
        try:
            os.kill(self.pid, ALIVE)
        except ProcessLookupError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)

    def said(self, words: bytes) -> int:
        return self.log.read_bytes().count(words) if self.log.exists() else 0


@dataclass(slots=True)
class Fleet:
    """Two edges and some workers, out of one nursery."""

    nursery: Nursery
    edges: list[Place]
    workers: list[Place]
    kills: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of whoever kills and starts

    @property
    def places(self) -> list[Place]:
        return [*self.edges, *self.workers]

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{edge.environment['OMNIGATE_PORT']}" for edge in self.edges]

    async def start(self, place: Place) -> None:
        before = place.said(STARTED_WORKER)
        place.pid = await self.nursery.born((place.command,), place.log, **place.environment)

        async def ready() -> bool:
            assert place.alive, f"{place.name} has ended:\n{place.log.read_text()[-2000:]}"
            if place.command == "worker":
                return place.said(STARTED_WORKER) > before
            try:
                return (await http.get(f"http://127.0.0.1:{place.environment['OMNIGATE_PORT']}/readyz")).is_success
            except HTTPError:
                return False

        async with AsyncClient() as http:
            await until(ready, what=f"{place.name} is there", within=STARTED)

    async def kill(self, place: Place, number: signal.Signals = signal.SIGKILL) -> None:
        place.send(number)
        self.kills += 1

        async def gone() -> bool:
            return not place.alive

        await until(gone, what=f"{place.name} has gone", within=20)

    async def killed_and_back(self, place: Place) -> None:
        async with self.turn:
            await self.kill(place)
            await self.start(place)


@asynccontextmanager
async def open_fleet(rig: Rig, *, edges: int = 2, workers: int = 2) -> AsyncIterator[Fleet]:
    ports = [rig.settings.port, *(free_port() for _ in range(edges - 1))]
    async with open_nursery(rig.environment) as nursery:
        fleet = Fleet(
            nursery,
            [
                Place(f"edge-{n}", "serve", rig.home / f"edge-{n}.log", {"OMNIGATE_PORT": str(port)})
                for n, port in enumerate(ports)
            ],
            [Place(f"worker-{n}", "worker", rig.home / f"worker-{n}.log") for n in range(workers)],
        )
        try:
            for place in fleet.places:
                await fleet.start(place)
            yield fleet
        finally:
            for place in fleet.places:
                place.send(signal.SIGKILL)
