"""A channel's client: builds orders that add up, and sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self
from uuid import uuid4

from httpx2 import Response

from gateway.domain.money import extended
from gateway.domain.time import rfc3339
from gateway.partners import SCOPES
from tests.gate import Gate

Json = dict[str, Any]


def money(amount: int, currency: str = "GBP") -> Json:
    return {"amount": amount, "currency": currency}


def line(line_id: str = "1", *, sku: str = "LAMP-7", quantity: int = 1, unit_price: str = "10.00", **more: Any) -> Json:
    return {"line_id": line_id, "sku": sku, "quantity": quantity, "unit_price": unit_price, **more}


def totals(lines: Sequence[Json], *, shipping: int = 0, exclusive: bool = True) -> Json:
    items = sum(extended(Decimal(each["unit_price"]), each["quantity"], "GBP").amount for each in lines)
    discount = sum(each.get("discount", {"amount": 0})["amount"] for each in lines)
    tax = sum(each.get("tax", {"amount": 0})["amount"] for each in lines)
    grand = items - discount + shipping + (tax if exclusive else 0)
    amounts = {"items": items, "discount": discount, "shipping": shipping, "tax": tax, "grand_total": grand}
    return {name: money(amount) for name, amount in amounts.items()}


def order_body(*, channel: str = "web-uk", placed_at: str, lines: Sequence[Json] = (), **changes: Any) -> Json:
    chosen = list(lines or [line()])
    shipping = changes.get("shipping_charge", {"amount": 0})["amount"]
    summed = totals(chosen, shipping=shipping, exclusive=changes.get("tax_mode", "exclusive") == "exclusive")
    return {
        "channel": {"channel_id": channel},
        "channel_order_id": uuid4().hex,
        "placed_at": placed_at,
        "currency": "GBP",
        "tax_mode": "exclusive",
        "customer": {"customer_ref": "17850", "type": "person", "contact": {"email": "ada@example.com"}},
        "lines": chosen,
        "delivery_groups": [{"id": "home", "method": "ship_to_home", "address": ADDRESS}],
        "payment": {"method": "card", "token": "tok_good", "amount": summed["grand_total"]},
        "totals": summed,
        **changes,
    }


ADDRESS = {"name": "Ada Example", "lines": ["1 Sample Street"], "city": "London", "postal_code": "N1", "country": "GB"}


@dataclass(frozen=True, slots=True)
class Shop:
    """One partner with a token and a channel."""

    gate: Gate
    channel: str
    headers: Mapping[str, str]

    @classmethod
    async def open(cls, gate: Gate, name: str, *, scopes: frozenset[str] = SCOPES) -> Self:
        credentials = await gate.partner(name, scopes=scopes)
        return cls(gate, f"{name}-uk", await gate.bearer(credentials))

    def order(self, **changes: Any) -> Json:
        return order_body(channel=self.channel, **{"placed_at": rfc3339(self.gate.clock()), **changes})

    async def send(self, body: Json, *, key: str | None = None) -> Response:
        return await self.gate.http.post("/v1/orders", json=body, headers=self.keyed(key))

    async def place(self, **changes: Any) -> Json:
        answer = await self.send(self.order(**changes))
        assert answer.status_code == 202, answer.text
        receipt: Json = answer.json()
        return receipt

    async def get(self, path: str, **query: Any) -> Response:
        return await self.gate.http.get(path, params=query, headers=dict(self.headers))

    async def cancel(self, order_id: str, *, key: str | None = None, body: Json | None = None) -> Response:
        return await self.gate.http.post(f"/v1/orders/{order_id}/cancel", json=body, headers=self.keyed(key))

    def keyed(self, key: str | None = None) -> dict[str, str]:
        return {**self.headers, "idempotency-key": key or str(uuid4())}

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds, for what no answer shows."""
        async with self.gate.database.connection() as connection:
            return await (await connection.execute(sql, values)).fetchall()
