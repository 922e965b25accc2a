"""A channel, as the proof plays it: orders that add up, keys, repeats after 503, and a memory of what it was told."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from httpx2 import AsyncClient, HTTPError, Response

Json = dict[str, Any]

CHANNEL = "web-uk"
END_STATES = ("completed", "rejected", "cancelled")
SKUS = ("LAMP-7", "KETTLE-2", "MUG-RED")


def money(amount: int) -> Json:
    return {"amount": amount, "currency": "GBP"}


def order(
    channel_order_id: str | None = None,
    *,
    number: int = 0,
    token: str = "tok_visa",
    wanted: Mapping[str, int] | None = None,
) -> Json:
    """Three lines at most, or what is *wanted* (pieces by SKU); the total of each number is another."""
    wanted = wanted or dict.fromkeys(SKUS[: 1 + number % len(SKUS)], 1 + number % 3)
    lines = [
        {"line_id": str(place), "sku": sku, "quantity": pieces, "unit_price": f"{place}.{number % 100:02d}"}
        for place, (sku, pieces) in enumerate(wanted.items(), 1)
    ]
    goods = sum((place * 100 + number % 100) * pieces for place, pieces in enumerate(wanted.values(), 1))
    address = {"name": "A. Buyer", "lines": ["1 High Street"], "city": "Leeds", "country": "GB"}
    return {
        "channel": {"channel_id": CHANNEL},
        "channel_order_id": channel_order_id or f"{number}-{uuid4().hex}",
        "placed_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "currency": "GBP",
        "tax_mode": "exclusive",
        "customer": {"type": "person"},
        "lines": lines,
        "shipping_charge": money(395),
        "delivery_groups": [{"id": "1", "method": "ship_to_home", "address": address}],
        "payment": {"method": "card", "token": token, "amount": money(goods + 395)},
        "totals": {
            "items": money(goods),
            "discount": money(0),
            "shipping": money(395),
            "tax": money(0),
            "grand_total": money(goods + 395),
        },
    }


@dataclass(frozen=True, slots=True)
class Acked:
    """An order that Omnigate has promised to carry out."""

    order_id: str
    body: Json
    key: str


@dataclass
class Channel:
    """One partner's client."""

    http: AsyncClient
    token: str
    acked: list[Acked] = field(default_factory=list)
    refused: list[Response] = field(default_factory=list)

    def headers(self, key: str | None = None) -> dict[str, str]:
        named = {"idempotency-key": f'"{key}"'} if key else {}
        return {"authorization": f"Bearer {self.token}", **named}

    async def post(self, body: Json | None, key: str, *, to: str = "/v1/orders", match: str = "") -> Response:
        more = {"if-match": match} if match else {}
        return await self.http.post(to, json=body, headers={**self.headers(key), **more})

    async def place(self, body: Json, *, within: float = 90.0) -> Acked:
        """Until it is acknowledged: 503s and cut connections are repeated with the same key, as we promise."""
        key, deadline = str(uuid4()), time.monotonic() + within
        while True:
            answer = await self._tried(body, key)
            if answer is not None and answer.status_code == 202:
                acked = Acked(answer.json()["order_id"], body, key)
                self.acked.append(acked)
                return acked
            if answer is not None:
                assert answer.status_code in (409, 503), answer.text
                self.refused.append(answer)
            assert time.monotonic() < deadline, f"not acknowledged within {within} s"
            await asyncio.sleep(float(answer.headers["retry-after"]) if answer is not None else 0.2)

    async def _tried(self, body: Json, key: str) -> Response | None:
        try:
            return await self.post(body, key)
        except HTTPError:
            return None

    async def cancel(self, order_id: str) -> Response:
        return await self.post({"reason": "no longer wanted"}, str(uuid4()), to=f"/v1/orders/{order_id}/cancel")

    async def look(self, order_id: str) -> Json:
        answer = await self.http.get(f"/v1/orders/{order_id}", headers=self.headers())
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def orders(self) -> list[Json]:
        """Every order, as the partner can read it back."""
        found: list[Json] = []
        token = ""
        while True:
            page = {"page_size": "200", "page_token": token} if token else {"page_size": "200"}
            listed = (await self.http.get("/v1/orders", params=page, headers=self.headers())).json()
            found += [await self.look(thin["order_id"]) for thin in listed["orders"]]
            token = listed["next_page_token"]
            if not token:
                return found

    async def status(self, order_id: str) -> str:
        return str((await self.look(order_id))["status"])

    async def has_ended(self, order_id: str) -> bool:
        return await self.status(order_id) in END_STATES
