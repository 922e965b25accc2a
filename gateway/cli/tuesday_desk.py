"""Who deals with the Tuesday's purchase: a buyer, an approver, a receiver, accounts payable, and the supplier."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid5

from gateway.cli.channel import NAMESPACE, Channel, Json, Refusal
from gateway.cli.saturday_town import PATIENCE, POLL, Town, granted
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.errors import Unavailable
from gateway.partners.operators import OperatorRegistry
from gateway.partners.registry import Credentials, Registry
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
        deadline = time.monotonic() + PATIENCE
        while not looks(seen := await self.order()):
            if time.monotonic() > deadline:
                raise Unavailable(f"{NUMBER} is {seen['status']}, and not yet {what}")
            await asyncio.sleep(POLL)
        return seen

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
        deadline = time.monotonic() + PATIENCE
        while (seen := await self.people[PAYABLE].read(f"/v1/supplier-invoices/{invoice_id}"))["status"] != "posted":
            if time.monotonic() > deadline:
                raise Unavailable(f"{seen['invoice_number']} is {seen['status']}, and not yet posted")
            await asyncio.sleep(POLL)
        return seen

    async def asks(self) -> Sequence[Json]:
        """What suppliers have done and still waits for a person."""
        listed = await self.people[BUYER].read("/v1/exceptions", state="open", page_size="200")
        return [each for each in listed["exceptions"] if each["class"].startswith("suppliers/")]


@asynccontextmanager
async def office_of(opened: Database, edge_url: str, town: Town) -> AsyncIterator[Office]:
    """The supplier is brought in by the buyer and let in by the approver; the sandbox has its account."""
    async with AsyncExitStack() as stack:
        people, works = {}, await _works(opened)
        for name, known in [(SUPPLIER, works), *(await _operators(opened)).items()]:
            who = Channel(edge_url, client_id=known.client_id, client_secret=known.client_secret)
            people[name] = await stack.enter_async_context(who)
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


async def _works(opened: Database) -> Credentials:
    registry, may = Registry(opened, clock=system_clock, mint=mint), frozenset({"suppliers:read", "suppliers:write"})
    return await registry.add(
        SUPPLIER, channels=frozenset({SUPPLIER}), scopes=may, plan="internal", operator="demo", name="Tuesday Works"
    )


async def _operators(opened: Database) -> Mapping[str, Credentials]:
    registry = OperatorRegistry(opened, clock=system_clock, mint=mint)
    return {name: await registry.add(name, roles=roles, by="demo") for name, roles in ROLES.items()}
