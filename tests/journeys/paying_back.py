"""Goods that come back to a shop: authorised, received and looked at, and what becomes of their money."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, LiteralString
from uuid import uuid4

from gateway.context import Answer
from gateway.domain.approvals import Attempt, Decision, Verdict
from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.returns_policy import ReturnsPolicy
from gateway.domain.time import system_clock
from gateway.routers import mendables
from gateway.store import approvals, return_counts, returning, returns
from gateway.store.exceptions import ExceptionRow, Sought, list_exceptions
from gateway.store.hands import Hand
from gateway.store.mending import Deed, mend
from gateway.store.return_counts import Counted, Document, Looked
from gateway.store.views import Hearing
from tests.journeys.shop import PATIENCE, Shop, order

REFUNDS = "select amount, fee, state, tranche, attempt, refund_id from refund where source_id = %s order by refund_id"


def hand() -> Hand:
    return Hand("test", system_clock(), "0" * 32, mint)


@dataclass
class Returns:
    """What comes back of one order of lamps at 2.50 each."""

    shop: Shop
    policy: ReturnsPolicy
    order_id: str = ""
    return_id: str = ""

    async def sold(self, quantity: int) -> str:
        self.order_id = await self.shop.placed(order(quantity=quantity))
        assert (await self.shop.until(self.order_id))["status"] == "completed"
        return self.order_id

    async def asked(self, quantity: int, *, reason: str = "changed_mind") -> str:
        """A return of so many is authorised."""
        now = system_clock()
        async with self.shop.gate.database.transaction() as connection:
            await returning.lock_order(connection, self.order_id)
            found = await returning.standing(connection, self.order_id, self.policy, partner=None, now=now)
            assert found is not None
            line = found.lines["1"]
            free = range(line.line.quantity)
            cursor = await connection.execute(
                "select unit from return_unit where order_id = %s and not released", (self.order_id,)
            )
            taken = {row[0] for row in await cursor.fetchall()}
            units = tuple([unit for unit in free if unit not in taken][:quantity])
            self.return_id = mint("ret")
            granted = returning.Authorised(
                return_id=self.return_id,
                order=found,
                channel_return_id=uuid4().hex,
                content_hash=b"",
                document={},
                method="mail",
                wishes=(returning.Wish(line, units, reason),),
                expires_at=now + timedelta(days=30),
                answer=Answer(202, (), b"{}"),
                traceparent=None,
            )
            await returning.authorise(connection, granted, hand())
        return self.return_id

    async def came(self, quantity: int, *, return_id: str = "") -> None:
        """So many are received."""
        await self._told(
            return_id, lambda c, seen, told, hand: return_counts.receive(c, seen, [Counted("1", quantity)], told, hand)
        )

    async def found(self, accepted: int, rejected: int = 0, *, return_id: str = "") -> None:
        """They were looked at."""
        looked = [Looked("1", many, good, "scrap") for many, good in ((accepted, True), (rejected, False)) if many]
        hearing = Hearing(system_clock(), mint, InventoryPolicy())
        await self._told(
            return_id,
            lambda c, seen, told, hand: return_counts.inspect(c, seen, looked, told, hearing=hearing, hand=hand),
        )

    async def _told(self, return_id: str, tell: Callable[..., Any]) -> None:
        named, now = return_id or self.return_id, system_clock()
        async with self.shop.gate.database.transaction() as connection:
            await return_counts.lock(connection, named)
            stored = await returns.load_return(connection, named)
            assert stored is not None
            told = Document("main", uuid4().hex, b"", {}, now)
            await tell(connection, stored.told, told, hand())

    async def rows(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        async with self.shop.gate.database.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()

    async def refunds(self, return_id: str = "") -> list[tuple[Any, ...]]:
        return await self.rows(REFUNDS, return_id or self.return_id)

    async def until_state(self, state: str, *, return_id: str = "") -> None:
        await self.until(lambda: self._is(state, return_id or self.return_id), f"the return is {state}")

    async def _is(self, state: str, return_id: str) -> bool:
        return await self.rows("select state from returns where return_id = %s", return_id) == [(state,)]

    async def until_refunds(self, *states: str, return_id: str = "") -> list[tuple[Any, ...]]:
        """Until its refunds stand so, in their order."""

        async def so() -> bool:
            return [row[2] for row in await self.refunds(return_id)] == list(states)

        await self.until(so, f"refunds are {states}")
        return await self.refunds(return_id)

    async def until(self, holds: Callable[[], Any], what: str) -> None:
        end = monotonic() + PATIENCE
        while not await holds():
            assert monotonic() < end, f"never: {what}; {await self.refunds()}"
            await asyncio.sleep(0.05)

    async def money(self) -> tuple[int, int]:
        """Given back, and on its way, by our own ledger."""
        [(refunded, in_flight)] = await self.rows(
            "select refunded, in_flight from payment where order_id = %s", self.order_id
        )
        return refunded, in_flight

    async def paid(self, system: str = "psp", kind: str = "refund") -> list[int]:
        """The amounts that the system's own ledger has of that kind."""
        effects = await self.shop.ledger(system, self.order_id)
        return [effect["amount"]["amount"] for effect in effects if effect["kind"] == kind]

    async def scanned(self) -> None:
        """A carrier has it."""
        async with self.shop.gate.database.transaction() as connection:
            await return_counts.lock(connection, self.return_id)
            await returns.scanned(connection, self.return_id, system_clock(), hand())
            await connection.execute("select wake(%s)", (self.return_id,))

    async def has(self, statement: LiteralString, count: int) -> bool:
        return await self.rows(statement) == [(count,)]

    async def exceptions(self) -> list[ExceptionRow]:
        """Those that are open."""
        return await list_exceptions(self.shop.gate.database, Sought(state="open"), limit=10)

    async def mend(self, seen: ExceptionRow, action: str, **more: str) -> None:
        """An operator does so about it."""
        deed = Deed(action, "seen by olga", "olga", system_clock(), **more)
        known = mendables(system_clock, mint, InventoryPolicy())
        async with self.shop.gate.database.transaction() as connection:
            await mend(connection, known, seen, deed)

    async def decides(self, verdict: Verdict) -> None:
        """The approver's word about what waits for it."""
        [(approval_id, seen)] = await self.rows(
            "select approval_id, content_hash from approval where state = 'pending'"
        )
        decision = Decision(verdict, "ann", "seen the parcel", system_clock())
        async with self.shop.gate.database.transaction() as connection:
            await approvals.decide(connection, approval_id, Attempt(decision, frozenset({"approver"}), seen))
