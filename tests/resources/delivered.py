"""Shipping notices and goods receipts over HTTP."""

from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from psycopg.types.json import Jsonb

from gateway.store.pool import Database, Joined
from tests.resources.supplied import Buyers, Json


def sscc(number: int) -> str:
    body = f"34012345{number:09d}"
    digits = [int(each) for each in reversed(body)]
    return f"{body}{-(sum(digits[::2]) * 3 + sum(digits[1::2])) % 10}"


def pallet(number: int, *cartons: list[Json]) -> Json:
    """Its SSCC, and of its cartons those that follow."""
    packed = [{"sscc": sscc(number + place), "lines": lines} for place, lines in enumerate(cartons, start=1)]
    return {"sscc": sscc(number), "cartons": packed}


def piece(quantity: int, line_id: str = "1", **more: str) -> Json:
    return {"line_id": line_id, "quantity": quantity, **more}


def notice_body(asn_number: str, *pallets: Json, **more: Any) -> Json:
    return {
        "asn_number": asn_number,
        "shipped_at": "2026-11-20T07:00:00Z",
        "expected_at": "2026-11-22T09:00:00Z",
        "pallets": list(pallets),
        **more,
    }


def goods_body(receipt_number: str, *lines: Json, at: str = "2026-01-02T09:00:00Z", **more: Any) -> Json:
    return {"receipt_number": receipt_number, "node_id": "main", "received_at": at, "lines": list(lines), **more}


def came(received: int, damaged: int | None = None, line_id: str = "1") -> Json:
    more = {} if damaged is None else {"damaged": damaged}
    return {"line_id": line_id, "received": received, **more}


@dataclass(frozen=True, slots=True)
class Dock:
    """Whoever announces or receives."""

    hands: Buyers

    async def announce(self, po_id: str, body: Json, **more: str) -> Response:
        return await self.hands.order(f"/{po_id}/shipping-notices", body, **more)

    async def cancel(self, asn_id: str, **more: str) -> Response:
        return await self.hands.post(
            f"/{asn_id}/cancel", {"reason": "the lorry broke down"}, at="/v1/shipping-notices", **more
        )

    async def receive(self, po_id: str, body: Json, **more: str) -> Response:
        return await self.hands.order(f"/{po_id}/receipts", body, **more)

    async def see(self, path: str) -> Response:
        return await self.hands.gate.http.get(f"/v1{path}", headers=dict(self.hands.headers))


_ARRIVED = """
with sent as (
    insert into shipping_notice (asn_id, po_id, supplier_id, asn_number, content_hash, document, state, shipped_at,
                                 expected_at, told_by, trace_id, created_at, updated_at)
    select %(asn)s, po_id, supplier_id, left('canary-' || po_number, 35), '', %(notice)s, %(state)s, now(),
           now() + interval '1 day', 'works', '', now(), now()
      from purchase_order where po_id = %(po)s
    returning asn_id
), unloaded as (
    insert into shipping_notice_line select asn_id, '1', 1 from sent
), came as (
    insert into goods_receipt (receipt_id, po_id, position, node_id, receipt_number, content_hash, document, revision,
                               received_by, received_at, trace_id, recorded_at)
    select %(grn)s, po_id, 1, 'main', right(%(grn)s, 26), '', '{}', 1, 'operator:tess', now(), '', now()
      from purchase_order where po_id = %(po)s
    returning receipt_id
)
insert into goods_receipt_line select receipt_id, '1', 1, 0, 1, 0 from came
"""


async def arrived(
    database: Database | Joined, po_id: str, *, asn_id: str, receipt_id: str, state: str = "arrived"
) -> None:
    """As rows: a notice of one piece of its first line, and a receipt of it."""
    values = {"po": po_id, "asn": asn_id, "grn": receipt_id, "state": state}
    notice = notice_body("ASN-1", pallet(1, [piece(1)]))
    async with database.transaction() as connection:
        await connection.execute(_ARRIVED, {**values, "notice": Jsonb(notice)})


async def confirmed(buyer: Buyers, works: Buyers, supplier_id: str, number: str, *quantities: int) -> str:
    po_id = await buyer.write(supplier_id, number, *quantities)
    for word in ("submit", "issue"):
        answer = await buyer.order(f"/{po_id}/{word}")
    assert answer.json()["status"] == "issued", answer.text
    words = [{"line_id": f"{line}", "status": "accepted"} for line, _ in enumerate(quantities, start=1)]
    said = await works.confirm(po_id, "C-1", *words)
    assert said.json()["outcome"] == "confirmed", said.text
    return po_id
