"""The order of every benchmark: three lines, and the request that places it, ready as bytes."""

from datetime import UTC, datetime
from typing import Any

import orjson

CHANNEL = "bench-uk"
SKUS = tuple(f"BENCH-{number:02}" for number in range(60))
_NUMBER = b"000000000000"  # stands where the order's number will be, at the same width
_PRICES = (("12.50", 2, 500), ("4.25", 3, 255), ("19.99", 1, 400))  # unit price, quantity, tax
_SHIPPING, _ITEMS, _TAX = 495, 5774, 1155


def document(skus: tuple[str, ...] = SKUS[:3], *, lines: int = 3) -> dict[str, Any]:
    """An order with address and contact; its totals are right for three lines."""
    total = _ITEMS + _SHIPPING + _TAX
    return {
        "channel": {"channel_id": CHANNEL},
        "channel_order_id": _NUMBER.decode(),
        "placed_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "currency": "GBP",
        "tax_mode": "exclusive",
        "customer": {"type": "person", "customer_ref": "C-10017", "contact": {"email": "ann@example.com"}},
        "lines": [
            _line(str(place + 1), skus[place % len(skus)], *_PRICES[place % len(_PRICES)]) for place in range(lines)
        ],
        "shipping_charge": _money(_SHIPPING),
        "delivery_groups": [{"id": "1", "method": "ship_to_home", "address": _ADDRESS}],
        "payment": {"method": "card", "token": "tok_bench", "amount": _money(total)},
        "totals": {
            "items": _money(_ITEMS),
            "discount": _money(0),
            "shipping": _money(_SHIPPING),
            "tax": _money(_TAX),
            "grand_total": _money(total),
        },
    }


def read_as(order: dict[str, Any]) -> dict[str, Any]:
    """The order as `GET /v1/orders/{order_id}` answers it when it has just been placed."""
    return {
        **order,
        "order_id": "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC",
        "version": 1,
        "status": "received",
        "payment": {name: order["payment"][name] for name in ("method", "amount")},
        "references": [],
        "allowed_actions": ["cancel"],
        "received_at": "2026-11-23T10:12:00.000Z",
        "updated_at": "2026-11-23T10:12:00.000Z",
    }


class Requests:
    """Requests that differ in key, number and articles only."""

    def __init__(self, *, port: int, token: str) -> None:
        bodies = (orjson.dumps(document(SKUS[first : first + 3])) for first in range(0, len(SKUS), 3))
        self._parts = [_request(body, port=port, token=token).split(_NUMBER) for body in bodies]

    def make(self, number: int) -> bytes:
        return (b"%012d" % number).join(self._parts[number % len(self._parts)])


def _request(body: bytes, *, port: int, token: str) -> bytes:
    head = (
        "POST /v1/orders HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        f"Idempotency-Key: bench-{_NUMBER.decode()}",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
        "\r\n",
    )
    return "\r\n".join(head).encode() + body


def _line(line_id: str, sku: str, unit_price: str, quantity: int, tax: int) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "sku": sku,
        "quantity": quantity,
        "unit_price": unit_price,
        "tax": _money(tax),
        "name": f"Article {sku}",
    }


def _money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "GBP"}


_ADDRESS = {
    "name": "Ann Example",
    "lines": ["1 High Street"],
    "city": "Leeds",
    "postal_code": "LS1 1AA",
    "country": "GB",
}
