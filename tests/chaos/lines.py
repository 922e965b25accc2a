"""Orders that wait for one article: who they are at moments when none of it is to be had, the oldest first."""

import time
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from tests.chaos.checker.evidence import Queue
from tests.chaos.gather import POSITIONS
from tests.chaos.reading import told
from tests.chaos.room import PATIENT
from tests.proof.client import END_STATES, Channel, Json
from tests.proof.processes import until
from tests.proof.rig import Rig

# They show when they came to the millisecond; of what came within one, only the database knows the order.
COMING: LiteralString = "select order_id from orders where order_id = any(%s) order by received_at, order_id"


@dataclass(slots=True)
class Line:
    """`orders`: all that will ever wait for it. They are known before any of it comes in."""

    rig: Rig
    channel: Channel
    sku: str
    orders: list[str] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        return sum(pieces for _, pieces in self.queues[-1].waiting)

    async def forms(self) -> None:
        """Until each order waits, or has ended."""

        async def all_wait() -> bool:
            return all(_waits(look) or look["status"] in END_STATES for look in await self._looks())

        await until(all_wait, what=f"orders wait for {self.sku}", within=PATIENT, pause=0.5)
        await self._seen(most=None)

    async def served(self, node: str, pieces: int) -> None:
        """So many come in, and have been given out."""
        body = {"sku": self.sku, "node": node, "quantity": pieces}
        before = self.wanted
        (await self.rig.sandbox.post("/wms/_receive", json=body)).raise_for_status()
        await self._seen(most=before - pieces)

    async def _seen(self, *, most: int | None) -> None:
        """The line, seen alike before and after there was nothing to be had. *most*: pieces that may be waited for."""
        waiting: tuple[tuple[str, int], ...] = ()

        async def calm() -> bool:
            nonlocal waiting
            before, there = await self._waiting(), await self._available()
            waiting = await self._waiting()
            return before == waiting and not there and (most is None or sum(dict(waiting).values()) <= most)

        await until(calm, what=f"the {self.sku} that came is given out", within=PATIENT, pause=0.5)
        self.queues.append(Queue(at=time.time(), sku=self.sku, waiting=waiting))

    async def _waiting(self) -> tuple[tuple[str, int], ...]:
        looks = {look["order_id"]: look for look in await self._looks()}
        in_turn = [looks[order_id] for (order_id,) in await self._rows(COMING, list(looks))]
        shown = [look["received_at"] for look in in_turn]
        assert shown == sorted(shown), "what is shown is no other order"
        return tuple((look["order_id"], _waits(look)) for look in in_turn if _waits(look))

    async def _looks(self) -> list[Json]:
        return [await told(self.channel, f"/v1/orders/{order_id}") for order_id in self.orders]

    async def _available(self) -> int:
        return sum(max(0, free) for _, sku, free in await self._rows(POSITIONS) if sku == self.sku)

    async def _rows(self, asked: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        connection = await psycopg.AsyncConnection.connect(self.rig.environment["DATABASE_URL"], autocommit=True)
        async with connection:
            return await (await connection.execute(asked, values or None)).fetchall()


def _waits(look: Json) -> int:
    return sum(line.get("pieces", {}).get("backordered", 0) for line in look["lines"])
