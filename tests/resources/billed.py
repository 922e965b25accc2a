"""What suppliers bill, what came before it, and who has to do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from httpx2 import Response
from psycopg.types.json import Jsonb

from gateway.store.pool import Database, Joined
from tests.gate import Gate
from tests.resources.delivered import came, goods_body
from tests.resources.supplied import WHY, Buyers, Json, supplying

SUPPLIER, OLD = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


def billed_line(quantity: int = 10, price: int = 1_000, *, line_id: str = "1", **more: Any) -> Json:
    amount = quantity * price
    told = {"line_id": line_id, "sku": f"LAMP-{line_id}", "quantity": quantity, "unit_price": price, "amount": amount}
    return {**told, **more}


def invoice_body(po_id: str, number: str, *lines: Json, tax: int = 0, **more: Any) -> Json:
    billed = list(lines or (billed_line(),))
    charged = sum(charge["amount"] for charge in more.get("charges", ()))
    total = sum(line["amount"] for line in billed) + charged + tax
    about = {"po_id": po_id, "invoice_number": number[:35], "invoice_date": "2026-12-12", "currency": "GBP"}
    return {**about, "lines": billed, "tax": tax, "total": total, **more}


_AT = "/v1/supplier-invoices"
_DEEDS = ("release", "approve", "dispute", "reject")
# How each operation about invoices is called about somebody's.
INVOICES: dict[str, Callable[[Any, str], tuple[str, Json]]] = {
    "submit_supplier_invoice": lambda of, now: (_AT, {"json": invoice_body(of.po_id, str(uuid4()))}),
    "list_supplier_invoices": lambda of, now: (_AT, {}),
    "get_supplier_invoice": lambda of, now: (f"{_AT}/{of.invoice_id}", {}),
    **{
        f"{word}_supplier_invoice": lambda of, now, word=word: (
            f"{_AT}/{of.invoice_id}/{word}",
            {"json": {"reason": WHY}},
        )
        for word in _DEEDS
    },
}
_BILLED = """
insert into supplier_invoice (invoice_id, supplier_id, po_id, invoice_number, normalised_number, year, content_hash,
                              document, dated, currency, lines, total, state, arrived_on, told_by, trace_id, created_at,
                              updated_at)
values (%(id)s, %(supplier)s, %(po)s, %(number)s, %(id)s, 2026, '', %(document)s, '2026-12-12', 'GBP',
        %(lines)s, 450, %(state)s, '2026-12-12', 'works', '', now(), now())
"""
_MATCHED = """
insert into invoice_match (invoice_id, run, cause, verdict, document, made_at)
values (%s, 1, 'intake', 'price_variance',
        '{"verdict": "price_variance", "lines": [], "findings": [], "overpaid": 0, "excess": 100}', now())
"""


@dataclass(frozen=True, slots=True)
class Payers:
    """Whoever bills, or decides about it, by their token."""

    who: Buyers

    @classmethod
    async def operator(cls, gate: Gate, name: str, *roles: str) -> Self:
        return cls(await Buyers.operator(gate, name, *roles))

    async def bill(self, po_id: str, number: str, *lines: Json, key: str = "", **more: Any) -> Response:
        body = invoice_body(po_id, number, *lines, **more)
        return await self.who.post("", body, key=key, at=_AT)

    async def receive(self, po_id: str, received: int, damaged: int = 0) -> None:
        """Counted at the dock, of the first line."""
        body = goods_body(str(uuid4())[:35], came(received, damaged or None))
        answer = await self.who.order(f"/{po_id}/receipts", body)
        assert answer.status_code == 201, answer.text

    async def do(self, invoice_id: str, word: str, *, match: str = "") -> Response:
        return await self.who.post(f"/{invoice_id}/{word}", {"reason": WHY}, match=match, at=_AT)

    async def see(self, path: str = "") -> Json:
        told = await self.who.gate.http.get(f"/v1/supplier-invoices{path}", headers=self.who.headers)
        assert told.status_code == 200, told.text
        seen: Json = told.json()
        return seen

    async def exceptions(self, class_: str) -> list[Json]:
        address = f"/v1/exceptions?class=suppliers/{class_}&state=open"
        told = await self.who.gate.http.get(address, headers=self.who.headers)
        found: list[Json] = told.json()["exceptions"]
        return found


async def works_of(gate: Gate) -> Payers:
    """Acts for an active supplier."""
    works = await Buyers.partner(gate, "works")
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    return Payers(works)


async def ordered(bob: Buyers, works: Payers, number: str, *quantities: int, price: int = 1_000) -> str:
    """Issued, and confirmed."""
    po_id = await bob.write(SUPPLIER, number, *quantities, price=price)
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    lines = [{"line_id": f"{place}", "status": "accepted"} for place in range(1, len(quantities) + 1)]
    answer = await works.who.confirm(po_id, f"C-{number}", *lines)
    assert answer.json()["outcome"] == "confirmed", answer.text
    return po_id


async def billed(
    database: Database | Joined, number: str, *, invoice_id: str, supplier_id: str, po_id: str, state: str = "rejected"
) -> None:
    """An invoice as a row, too dear by a pound unless it is held."""
    body = invoice_body(po_id, number, billed_line(1, 450))
    values = {"id": invoice_id, "supplier": supplier_id, "po": po_id, "number": number, "state": state}
    async with database.transaction() as connection:
        await connection.execute(_BILLED, {**values, "document": Jsonb(body), "lines": Jsonb(body["lines"])})
        if state != "held":
            await connection.execute(_MATCHED, (invoice_id,))


async def later(database: Database | Joined, *, days: int) -> None:
    """As if every invoice had come so many days earlier."""
    earlier = "update supplier_invoice set arrived_on = arrived_on - %(days)s, due_on = due_on - %(days)s"
    async with database.transaction() as connection:
        await connection.execute(earlier, {"days": days})
