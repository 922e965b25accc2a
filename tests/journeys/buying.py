"""What a shop buys: written and issued by a buyer, confirmed by the works that deliver, booked and sent meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, LiteralString, Self

from tests.journeys.shop import LAMP, PATIENCE, Shop
from tests.resources.followed import follower
from tests.resources.supplied import WHY, Buyers, purchase_body, purchase_lines

Json = dict[str, Any]
SUPPLIER, BEFORE = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
AS_ORDERED = {"line_id": "1", "status": "accepted"}


def lamps(quantity: int, **more: Any) -> list[Json]:
    return [{**line, "sku": LAMP, **more} for line in purchase_lines(quantity)]


@dataclass
class Buying:
    """Orders of one supplier, of lamps at 4.50 each."""

    shop: Shop
    bob: Buyers
    works: Buyers
    dora: Buyers  # receives
    paul: Buyers  # pays

    @classmethod
    async def begin(cls, shop: Shop) -> Self:
        works = await follower(shop.gate, "works", SUPPLIER, BEFORE)
        people = {"bob": "buyer", "dora": "receiver", "paul": "accounts_payable"}
        return cls(
            shop, works=works, **{who: await Buyers.operator(shop.gate, who, role) for who, role in people.items()}
        )

    async def issued(self, number: str = "PO-1", quantity: int = 10, *, lines: list[Json] | None = None) -> str:
        body = {**purchase_body(SUPPLIER, number), "lines": lines or lamps(quantity)}
        made = await self.bob.order("", body)
        assert made.status_code == 201, made.text
        po_id: str = made.json()["po_id"]
        await self.issue(po_id)
        return po_id

    async def issue(self, po_id: str) -> None:
        for step in ("submit", "issue"):
            answer = await self.bob.order(f"/{po_id}/{step}")
            assert answer.status_code == 200, answer.text

    async def revise(self, po_id: str, quantity: int) -> None:
        body = {"lines": lamps(quantity), "reason": WHY}
        answer = await self.bob.order(f"/{po_id}/revisions", body)
        assert answer.status_code == 200, answer.text

    async def cancel(self, po_id: str) -> None:
        answer = await self.bob.order(f"/{po_id}/cancel", {"reason": WHY})
        assert answer.status_code == 200, answer.text

    async def confirm(self, po_id: str, *lines: Json, ref: str = "C-1", revision: int = 1) -> Json:
        answer = await self.works.confirm(po_id, ref, *(lines or (AS_ORDERED,)), revision=revision)
        assert answer.status_code == 201, answer.text
        told: Json = answer.json()
        return told

    async def effects(self, po_id: str) -> dict[str, list[str]]:
        """What ERP and suppliers did for the order, by their own ledgers."""
        return {system: await self.shop.effects(system, po_id) for system in ("erp", "supplier")}

    async def until_effects(self, po_id: str, *, erp: list[str], supplier: list[str]) -> None:
        wanted = {"erp": erp, "supplier": supplier}

        async def so() -> bool:
            return await self.effects(po_id) == wanted

        await self.until(so, lambda: self.effects(po_id))

    async def until_purchases(self, po_id: str, *states: str) -> None:
        """Of its issued revisions, in their order."""

        async def so() -> bool:
            return await self.purchases(po_id) == list(states)

        await self.until(so, lambda: self.purchases(po_id))

    async def purchases(self, po_id: str) -> list[str]:
        rows = await self.rows("select state from purchase where po_id = %s order by revision", po_id)
        return [state for (state,) in rows]

    async def hours_pass(self, po_id: str, hours: int) -> None:
        """So long it is since the order was issued."""
        await self.until(lambda: self._waits(po_id), lambda: self.purchases(po_id))
        await self.rows(
            "update purchase set asked_at = asked_at - make_interval(hours => %s) where po_id = %s returning 1",
            *(hours, po_id),
        )
        await self.rows("select wake(purchase_id) from purchase where po_id = %s", po_id)

    async def _waits(self, po_id: str) -> bool:
        waiting = "select 1 from purchase join run on run_id = purchase_id where po_id = %s and run.state = 'waiting'"
        return bool(await self.rows(waiting, po_id))

    async def exceptions(self) -> list[tuple[str, str]]:
        """Class and code of those that are open."""
        return await self.rows("select class, code from exception where state = 'open' order by 1, 2")

    async def until_exceptions(self, *wanted: tuple[str, str]) -> None:
        async def so() -> bool:
            return await self.exceptions() == list(wanted)

        await self.until(so, self.exceptions)

    async def mend(self, action: str, *, by: Buyers | None = None, of: str = "%", **more: str) -> None:
        """The one that is open; *of* a class, when there are others."""
        sought = "select exception_id from exception where state = 'open' and class like %s"
        [(exception_id,)] = await self.rows(sought, of)
        body = {"action": action, "evidence": WHY, **more}
        answer = await (by or self.bob).post(f"/{exception_id}/actions", body, at="/v1/exceptions")
        assert answer.is_success, answer.text

    async def until(self, holds: Callable[[], Awaitable[bool]], seen: Callable[[], Awaitable[object]]) -> None:
        end = monotonic() + PATIENCE
        while not await holds():
            assert monotonic() < end, f"never came to be so: {await seen()}"
            await asyncio.sleep(0.05)

    async def rows(self, statement: LiteralString, *values: object) -> list[Any]:
        async with self.shop.gate.database.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()
