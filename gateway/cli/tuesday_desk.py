"""Who deals with the Tuesday's purchase: a buyer, an approver, a receiver, accounts payable, and the supplier."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid5

from gateway.cli.cast import awaited, channels_of, operators, partner
from gateway.cli.channel import NAMESPACE, Channel, Json, Refusal
from gateway.cli.saturday_town import Town, granted
from gateway.errors import Unavailable
from gateway.store.pool import Database

BUYER, APPROVER, RECEIVER, PAYABLE = "tuesday-buyer", "tuesday-approver", "tuesday-receiver", "tuesday-payable"
SUPPLIER = "tuesday-works"
# The buyer may approve, too: of what others wrote.
ROLES = {
    BUYER: frozenset({"buyer", "approver"}),
    APPROVER: frozenset({"approver"}),
    RECEIVER: frozenset({"receiver"}),
    PAYABLE: frozenset({"accounts_payable"}),
}
NUMBER = "PO-TUESDAY"
WHY = "as it was agreed"


@dataclass(frozen=True, slots=True)
class Office:
    """Everything is about the one order that is called `NUMBER`."""

    town: Town
    people: Mapping[str, Channel]
    supplier_id: str

    async def order(self, *, of: str = BUYER) -> Json:
        listed = await self.people[of].read("/v1/purchase-orders", po_number=NUMBER)
        if len(found := listed["purchase_orders"]) != 1:
            raise Unavailable(f"{len(found)} orders are called {NUMBER}, and not one")
        return dict(found[0])

    async def until(self, looks: Callable[[Json], bool], what: str) -> Json:
        """The order as soon as it looks so."""
        return await awaited(self.order, looks, lambda seen: f"{NUMBER} is {seen['status']}, and not yet {what}")

    async def booked(self, system: str, wanted: Mapping[str, int]) -> str:
        """How many effects of these kinds the order has at ERP or supplier, once there are that many."""
        order = await self.order()
        for kind, count in wanted.items():
            await self.town.until_effects(system, order["po_id"], kind, count)
        kinds = [each["kind"] for each in await self.town.effects(system, order["po_id"])]
        return ", ".join(f"{kind.replace('_', ' ')} {kinds.count(kind)}" for kind in wanted)

    async def do(self, who: str, path: str, body: Json) -> Json:
        return await granted(self.people[who], path, body)

    async def refused(self, who: str, path: str, body: Json) -> str:
        """The code of a no that has to come."""
        answer = await self.people[who].post(path, body, key=str(uuid5(NAMESPACE, f"{who} {path}")))
        if not isinstance(answer, Refusal):
            raise Unavailable(f"{path} was granted to {who}")
        return answer.code

    async def all_of(self, what: str, *, by: str) -> Sequence[Json]:
        """What there is of the order, oldest first: `shipping_notices`, `goods_receipts` or `supplier_invoices`."""
        path = f"/v1/{what.replace('_', '-')}"
        listed = await self.people[by].read(path, po_id=(await self.order())["po_id"], page_size="200")
        return list(reversed(listed[what]))

    async def posted(self, invoice_id: str) -> Json:
        """The invoice, once the ERP has it."""
        return await awaited(
            partial(self.people[PAYABLE].read, f"/v1/supplier-invoices/{invoice_id}"),
            lambda seen: bool(seen["status"] == "posted"),
            lambda seen: f"{seen['invoice_number']} is {seen['status']}, and not yet posted",
        )

    async def asks(self) -> Sequence[Json]:
        """What suppliers have done and still waits for a person."""
        listed = await self.people[BUYER].read("/v1/exceptions", state="open", page_size="200")
        return [each for each in listed["exceptions"] if each["class"].startswith("suppliers/")]


@asynccontextmanager
async def office_of(opened: Database, edge_url: str, town: Town) -> AsyncIterator[Office]:
    """The supplier is brought in by the buyer and let in by the approver; the sandbox has its account."""
    works = await partner(opened, SUPPLIER, frozenset({"suppliers:read", "suppliers:write"}), called="Tuesday Works")
    async with channels_of(edge_url, {SUPPLIER: works, **await operators(opened, ROLES)}) as people:
        await town.tell(
            "/supplier/_account",
            {"base_url": edge_url, "client_id": works.client_id, "client_secret": works.client_secret},
        )
        yield Office(town, people, await _let_in(people))


async def _let_in(people: Mapping[str, Channel]) -> str:
    body = {"code": "WORKS-2", "name": "Tuesday Works", "currency": "GBP", "partner_id": SUPPLIER}
    supplier_id = str((await granted(people[BUYER], "/v1/suppliers", body))["supplier_id"])
    for status in ("onboarding", "certified"):
        await granted(people[BUYER], f"/v1/suppliers/{supplier_id}/status", {"status": status, "reason": WHY})
    await granted(people[APPROVER], f"/v1/suppliers/{supplier_id}/approve", {"reason": WHY})
    return supplier_id
