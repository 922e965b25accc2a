"""Shipping notices and goods receipts over HTTP."""

from dataclasses import dataclass
from typing import Any

from httpx2 import Response

from tests.resources.supplied import Buyers, Json

ASN_ID, GRN_ID = "asn_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "grn_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


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


async def confirmed(buyer: Buyers, works: Buyers, supplier_id: str, number: str, *quantities: int) -> str:
    po_id = await buyer.write(supplier_id, number, *quantities)
    for word in ("submit", "issue"):
        answer = await buyer.order(f"/{po_id}/{word}")
    assert answer.json()["status"] == "issued", answer.text
    words = [{"line_id": f"{line}", "status": "accepted"} for line, _ in enumerate(quantities, start=1)]
    said = await works.confirm(po_id, "C-1", *words)
    assert said.json()["outcome"] == "confirmed", said.text
    return po_id
