"""Who has to do with a purchase, each by a client of their own: what they say at our door, and what they read there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from tests.proof.client import Channel, Json
from tests.proof.returner import approve
from tests.proof.rig import Rig
from tests.resources.billed import billed_line, invoice_body
from tests.resources.delivered import came, goods_body
from tests.resources.supplied import WHY, purchase_body, purchase_lines, supplier_body

SKU, NODE, WORKS = "LAMP-7", "main", "works"
STAFF = {"bob": "buyer", "ann": "approver", "dora": "receiver", "paul": "accounts_payable"}


@dataclass(frozen=True, slots=True)
class Office:
    """Lamps are bought of one supplier. `web`: a partner that sees stock."""

    people: Mapping[str, Channel]
    supplier_id: str = ""

    async def order(self, number: str, pieces: int, *, price: int) -> str:
        """Written by one, agreed to by another, issued; how it is named."""
        lines = [{**line, "sku": SKU, "tax_points": 20_00} for line in purchase_lines(pieces, price=price)]
        made = await self.say("bob", "/v1/purchase-orders", {**purchase_body(self.supplier_id, number), "lines": lines})
        path = f"/v1/purchase-orders/{made['po_id']}"
        submitted = await self.say("bob", f"{path}/submit")
        assert submitted["status"] == "pending_approval", submitted
        assert await approve(self.people["ann"]) == 1
        issued = await self.say("bob", f"{path}/issue")
        assert issued["status"] == "issued", issued
        return str(made["po_id"])

    async def confirm(self, po_id: str) -> None:
        body = {"supplier_ref": "C-1", "revision": 1, "lines": [{"line_id": "1", "status": "accepted"}]}
        told = await self.say(WORKS, f"/v1/purchase-orders/{po_id}/confirmations", body)
        assert told["outcome"] == "confirmed", told

    async def receive(self, po_id: str, pieces: int, *, damaged: int) -> None:
        body = goods_body(f"GR-{po_id[-12:]}", came(pieces, damaged), at=datetime.now(UTC).isoformat())
        await self.say("dora", f"/v1/purchase-orders/{po_id}/receipts", body)

    async def bill(self, po_id: str, number: str, pieces: int, *, price: int, tax: int) -> str:
        today = datetime.now(UTC).date().isoformat()
        body = invoice_body(po_id, number, billed_line(pieces, price, sku=SKU), tax=tax, invoice_date=today)
        return str((await self.say(WORKS, "/v1/supplier-invoices", body))["invoice_id"])

    async def on_hand(self) -> int:
        listed = await self.see("web", "/v1/inventory/positions", sku=SKU, node_id=NODE)
        return sum(int(each["on_hand"]) for each in listed["positions"])

    async def asked(self) -> list[Json]:
        """What waits for a person, with all that is known of it."""
        listed = await self.see("bob", "/v1/exceptions", state="open")
        return [await self.see("bob", f"/v1/exceptions/{each['exception_id']}") for each in listed["exceptions"]]

    async def say(self, who: str, path: str, body: Json | None = None) -> Json:
        answer = await self.people[who].post(body, str(uuid4()), to=path)
        assert answer.is_success, answer.text
        told: Json = answer.json()
        return told

    async def see(self, who: str, path: str, **more: str) -> Json:
        channel = self.people[who]
        answer = await channel.http.get(path, params=more, headers=channel.headers())
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told


@asynccontextmanager
async def open_office(rig: Rig, address: str, *, code: str) -> AsyncIterator[Office]:
    """The supplier is brought in by one and let in by another. *code*: the retailer's own number for it."""
    async with AsyncExitStack() as stack:
        whose = {who: await rig.operator(who, role) for who, role in STAFF.items()}
        whose |= {"web": rig.credentials, WORKS: await rig.supplier(WORKS)}
        people = {
            who: await stack.enter_async_context(rig.channel(address, whose=known)) for who, known in whose.items()
        }
        yield Office(people, await _let_in(Office(people), code))


async def _let_in(office: Office, code: str) -> str:
    made = await office.say("bob", "/v1/suppliers", supplier_body(code, partner_id=WORKS))
    path = f"/v1/suppliers/{made['supplier_id']}"
    for status in ("onboarding", "certified"):
        await office.say("bob", f"{path}/status", {"status": status, "reason": WHY})
    await office.say("ann", f"{path}/approve", {"reason": WHY})
    return str(made["supplier_id"])
