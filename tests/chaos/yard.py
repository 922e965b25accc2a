"""An installation whose builds change while it runs: one edge and one worker, of whichever sources are wanted."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from gateway.store.embedded import acquire
from tests.chaos.gather import Gathering, Witness, witness
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Acked, order
from tests.proof.processes import ROOT, Process, until
from tests.proof.rig import Rig, open_rig


@dataclass(slots=True)
class Yard:
    """`running`: what is up at present."""

    rig: Rig
    web: Witness
    running: list[Process] = field(default_factory=list)
    started: float = field(default_factory=time.time)

    @property
    def gathering(self) -> Gathering:
        return Gathering(self.rig, [self.web], self.started, {"rest_within": PATIENT})

    async def deploy(self, tree: Path = ROOT) -> None:
        """Everything is told to end, and comes back from the sources in *tree*."""
        for process in self.running:
            process.end(SIGTERM, within=60)
        self.rig.tree = tree
        edge, _ = await self.rig.start_edge()
        self.running = [edge, self.rig.start_worker()]

    async def place(self, names: Iterable[str]) -> list[Acked]:
        return [await self.web.channel.place(order(name, number=at)) for at, name in enumerate(names)]

    async def hold(self, *, hold: bool) -> None:
        (await self.rig.sandbox.post("/wms/_hold", json={"hold": hold})).raise_for_status()

    async def stand(self, orders: Sequence[Acked], *statuses: str) -> None:
        async def so() -> bool:
            return all([await self.web.channel.status(each.order_id) in statuses for each in orders])

        await until(so, what=f"orders are {' or '.join(statuses)}", within=PATIENT, pause=0.5)

    async def parked(self, count: int) -> dict[str, str]:
        """Once so many workflows wait for an operator: each with its cause."""

        async def so() -> bool:
            return len(await self.gathering.parked()) >= count

        await until(so, what=f"{count} workflows are parked", within=PATIENT, pause=1.0)
        return dict(await self.gathering.parked())

    async def parts(self, acked: Acked) -> list[str]:
        """The workflows of an order's parts."""
        return [str(part["fulfilment_id"]) for part in (await self.web.channel.look(acked.order_id))["fulfilments"]]

    async def retry(self, names: Iterable[str]) -> None:
        for name in names:
            await self.rig.run(f"retry-{name}", "workflows", "retry", name)


@asynccontextmanager
async def open_yard(room: Room, tree: Path = ROOT) -> AsyncIterator[Yard]:
    with acquire(room.home) as server:
        async with open_rig(server.url, room.home) as rig:
            rig.tree = tree
            edge, address = await rig.start_edge()
            running = [edge, rig.start_worker()]
            async with witness(rig, address) as web:
                yield Yard(rig, web, running)
