"""Suppliers, and who acts for them, over HTTP or as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from httpx2 import Response
from psycopg.types.json import Jsonb

from gateway.store.pool import Database, Joined
from tests.gate import Gate

Json = dict[str, Any]
SCOPES = frozenset({"suppliers:read", "suppliers:write"})
WHY = "its test orders came right"


def supplier_body(code: str, **more: Any) -> Json:
    return {"code": code[:35], "name": f"Works {code}"[:200], "currency": "GBP", **more}


def purchase_lines(*quantities: int, price: int = 450) -> list[Json]:
    return [
        {
            "line_id": f"{number}",
            "sku": f"LAMP-{number}",
            "quantity": quantity,
            "unit_price": price,
            "requested_date": "2027-01-10",
        }
        for number, quantity in enumerate(quantities, start=1)
    ]


def purchase_body(supplier_id: str, number: str, *quantities: int, price: int = 450) -> Json:
    lines = purchase_lines(*(quantities or (1,)), price=price)
    return {"po_number": number[:35], "supplier_id": supplier_id, "currency": "GBP", "lines": lines}


def confirmation(ref: str, *lines: Json, revision: int = 1) -> Json:
    return {"supplier_ref": ref, "revision": revision, "lines": list(lines)}


_SUPPLYING = """
insert into supplier (supplier_id, code, content_hash, document, name, partner_id, currency, capabilities, status,
                      made_by, trace_id, created_at, updated_at)
values (%(id)s, %(id)s, '', '{}', 'canary-' || coalesce(%(partner)s, 'nobody'), %(partner)s, 'GBP', '{}', %(status)s,
        'operator:tess', '', now(), now())
"""
_ORDERED = """
with ordered as (
    insert into purchase_order (po_id, po_number, content_hash, document, supplier_id, currency, state, revision,
                                issued_revision, made_by, trace_id, created_at, updated_at)
    values (%(po)s, 'canary-' || coalesce(%(partner)s, right(%(po)s, 26)), '', '{}', %(id)s, 'GBP', %(state)s, 1,
            case %(state)s when 'draft' then null else 1 end, %(by)s, '', now(), now())
    returning po_id, issued_revision
)
insert into purchase_order_revision (po_id, revision, lines, total, changes, reason, made_by, made_at, issued_at)
select po_id, 1, %(lines)s, 450, '{}', 'made', %(by)s, now(), case when issued_revision is not null then now() end
  from ordered
"""


async def supplying(
    database: Database | Joined,
    partner: str | None,
    *,
    supplier_id: str,
    po_id: str,
    status: str = "active",
    state: str = "cancelled",
    made_by: str = "operator:tess",
) -> None:
    """A supplier that this partner acts for, and what was ordered of it: issued and cancelled, or a draft."""
    values = {"id": supplier_id, "partner": partner, "po": po_id, "lines": Jsonb(purchase_lines(1))}
    async with database.transaction() as connection:
        await connection.execute(_SUPPLYING, {**values, "status": status})
        await connection.execute(_ORDERED, {**values, "state": state, "by": made_by})


_PROPOSED = """
insert into po_confirmation (confirmation_id, po_id, supplier_ref, content_hash, revision, lines, outcome, told_by,
                             created_at)
values (%s, %s, 'C-1', '', 1, %s, 'proposed', 'works', now())
"""


async def proposed(database: Database | Joined, po_id: str, *, name: str) -> None:
    """The supplier said that fewer will come; a buyer is to decide."""
    line = {"line_id": "1", "word": "backordered", "quantity": 1, "unit_price": 400, "date": "2027-02-10"}
    async with database.transaction() as connection:
        await connection.execute(_PROPOSED, (name, po_id, Jsonb([line])))


@dataclass(frozen=True, slots=True)
class Buyers:
    """Whoever buys, approves or delivers, by their token."""

    gate: Gate
    headers: Mapping[str, str]

    @classmethod
    async def operator(cls, gate: Gate, name: str, *roles: str) -> Self:
        return cls(gate, await gate.bearer(await gate.operator(name, *roles)))

    @classmethod
    async def partner(cls, gate: Gate, name: str) -> Self:
        return cls(gate, await gate.bearer(await gate.partner(name, scopes=SCOPES)))

    async def post(
        self, path: str, body: Json | None = None, *, key: str = "", match: str = "", at: str = "/v1/suppliers"
    ) -> Response:
        more = {"if-match": match} if match else {}
        headers = {**self.headers, "idempotency-key": key or str(uuid4()), **more}
        return await self.gate.http.post(f"{at}{path}", json=body, headers=headers)

    async def get(self, path: str = "", **more: str) -> Response:
        return await self.gate.http.get(f"/v1/suppliers{path}", headers={**self.headers, **more})

    async def make(self, code: str, **more: Any) -> str:
        """A prospect."""
        made = await self.post("", supplier_body(code, **more))
        assert made.status_code == 201, made.text
        supplier_id: str = made.json()["supplier_id"]
        return supplier_id

    async def move(self, supplier_id: str, *statuses: str) -> Response:
        for status in statuses:
            answer = await self.post(f"/{supplier_id}/status", {"status": status, "reason": WHY})
        return answer

    async def approve(self, supplier_id: str) -> Response:
        return await self.post(f"/{supplier_id}/approve", {"reason": WHY})

    async def order(self, path: str, body: Json | None = None, **more: str) -> Response:
        """About purchase orders."""
        return await self.post(path, body, at="/v1/purchase-orders", **more)

    async def see(self, path: str = "", **more: str) -> Response:
        return await self.gate.http.get(f"/v1/purchase-orders{path}", headers={**self.headers, **more})

    async def write(self, supplier_id: str, number: str, *quantities: int, price: int = 450) -> str:
        """A draft."""
        made = await self.order("", purchase_body(supplier_id, number, *quantities, price=price))
        assert made.status_code == 201, made.text
        po_id: str = made.json()["po_id"]
        return po_id

    async def decide(self, approval_id: str, word: str = "approve") -> Response:
        seen = await self.gate.http.get(f"/v1/approvals/{approval_id}", headers=self.headers)
        body = {"reason": WHY, "content_hash": seen.json()["content_hash"]}
        return await self.post(f"/{approval_id}/{word}", body, at="/v1/approvals")

    async def confirm(self, po_id: str, ref: str, *lines: Json, revision: int = 1) -> Response:
        return await self.order(f"/{po_id}/confirmations", confirmation(ref, *lines, revision=revision))

    async def settle(self, po_id: str, confirmation_id: str, decision: str) -> Response:
        body = {"decision": decision, "reason": WHY}
        return await self.order(f"/{po_id}/confirmations/{confirmation_id}/decision", body)
