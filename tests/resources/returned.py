"""Orders whose goods have left, and what is done about goods that come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from httpx2 import Response

from gateway.domain.identifiers import mint
from gateway.store.pool import Database, Joined
from tests.gate import Gate

Json = dict[str, Any]

NODE = "main"
_LEFT = """
with line as (
    insert into order_line (order_id, line_id, number, sku, quantity, in_transit)
    select %(order)s, l ->> 'line_id', n, upper(l ->> 'sku'), (l ->> 'quantity')::integer, (l ->> 'quantity')::integer
      from orders, jsonb_array_elements(document -> 'lines') with ordinality as e (l, n)
     where order_id = %(order)s and %(ledger)s
        on conflict (order_id, line_id) do nothing returning 1
), part as (
    insert into fulfilment (fulfilment_id, order_id, number, group_id, node_id, method, status, pieces, shipping,
                            amount, trace_id, created_at, updated_at)
    values (%(part)s, %(order)s, 901, 'home', 'main', 'ship_to_home', 'completed', 'shipped', 0, 0, '', %(at)s, %(at)s)
    returning fulfilment_id
)
insert into fulfilment_line (fulfilment_id, line_id, first, quantity)
select fulfilment_id, l ->> 'line_id', 0, (l ->> 'quantity')::integer
  from part, orders, jsonb_array_elements(document -> 'lines') l where order_id = %(order)s
"""


async def left(database: Database | Joined, order_id: str, at: Any, *, ledger: bool = True) -> None:
    """All of its goods left at that moment, as a workflow writes it down; without the *ledger* where one is at work."""
    async with database.transaction() as connection:
        await connection.execute(_LEFT, {"order": order_id, "part": mint("ful"), "at": at, "ledger": ledger})


_ASKED_BACK = """
with asked as (
    insert into returns (return_id, order_id, partner_id, channel_id, channel_return_id, content_hash, document,
                         currency, state, method, expires_at, requested_by, trace_id, receipt, receipt_headers,
                         created_at, updated_at)
    select %(return)s, order_id, partner_id, channel_id, %(return)s, '', '{}', currency, %(state)s, 'mail',
           now() + interval '30 days', 'tess', '', '', '{}', now(), now() from orders where order_id = %(order)s
    returning return_id, order_id
), run as (
    insert into run (run_id, saga, version, state, created_at, updated_at)
    values (%(return)s, 'return_to_refund', 1, 'waiting', now(), now())
), line as (
    insert into return_line (return_id, line_id, number, order_id, sku, reason, rule, authorised, received)
    select return_id, '1', 1, order_id, 'LAMP-7', 'late', '{"name": "usual"}', 2, %(received)s from asked
    returning return_id, order_id
)
insert into return_unit (return_id, line_id, unit, order_id, value, released)
select return_id, '1', unit, order_id, 500, %(state)s = 'cancelled' from line, generate_series(900, 901) as unit
"""


async def asked_back(
    database: Database | Joined, order_id: str, *, name: str = "", state: str = "cancelled", received: int = 0
) -> str:
    """A return of two pieces of the order's line 1, given up unless it is said otherwise."""
    return_id = name or mint("ret")
    values = {"return": return_id, "order": order_id, "state": state, "received": received}
    async with database.transaction() as connection:
        await connection.execute(_ASKED_BACK, values)
    return return_id


def wished(order_id: str, name: str, *lines: tuple[str, int, str]) -> Json:
    asked = [{"line_id": line_id, "quantity": pieces, "reason": reason} for line_id, pieces, reason in lines]
    return {"order_id": order_id, "channel_return_id": name, "lines": asked}


def receipt(number: str, *lines: tuple[str, int], **more: Any) -> Json:
    came = [{"line_id": line_id, "received": pieces, "condition": "new"} for line_id, pieces in lines]
    return {"receipt_id": number, "node_id": NODE, "lines": came, **more}


def inspection(number: str, *lines: tuple[str, int, str, str]) -> Json:
    names = ("line_id", "quantity", "outcome", "disposition")
    looked: Sequence[Json] = [dict(zip(names, line, strict=True)) for line in lines]
    return {"inspection_id": number, "node_id": NODE, "lines": looked}


@dataclass(frozen=True, slots=True)
class Desk:
    """Whoever asks for returns, counts or inspects them, by their token."""

    gate: Gate
    headers: Mapping[str, str]

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Response:
        headers = {**self.headers, "idempotency-key": key or str(uuid4())}
        return await self.gate.http.post(f"/v1/returns{path}", json=body, headers=headers)

    async def get(self, path: str, **more: str) -> Response:
        return await self.gate.http.get(f"/v1/returns{path}", headers={**self.headers, **more})

    async def seen(self, return_id: str) -> Json:
        answer = await self.get(f"/{return_id}")
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told
