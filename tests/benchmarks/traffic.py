"""What the load generator sends, ready as bytes: request after request, each by its number."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tests.benchmarks.order import Requests


class Traffic(Protocol):
    def make(self, number: int) -> bytes:
        """The request of that number; the same number makes the same request."""


class Reads:
    """`GET /v1/orders/{order_id}`, one order after the other."""

    def __init__(self, orders: Sequence[str], *, port: int, token: str) -> None:
        self._requests = [get(f"/v1/orders/{order_id}", port=port, token=token) for order_id in orders]

    def make(self, number: int) -> bytes:
        return self._requests[number % len(self._requests)]


class Questions:
    """`POST /v1/inventory/availability:query`, always the same questions, by turns."""

    def __init__(self, questions: Sequence[Any], *, port: int, token: str) -> None:
        self._requests = [post("/v1/inventory/availability:query", each, port=port, token=token) for each in questions]

    def make(self, number: int) -> bytes:
        return self._requests[number % len(self._requests)]


HOT = "HOT-1"
_NUMBER = b"#" * 12


class Wishes:
    """`POST /v1/inventory/reservations`, one piece of always the same SKU, for one cart after the other."""

    def __init__(self, sku: str, *, port: int, token: str) -> None:
        holder, line = {"type": "cart", "id": _NUMBER.decode()}, {"line_id": "1", "sku": sku, "quantity": 1}
        body = {"kind": "soft", "holder": holder, "ttl_seconds": 7200, "lines": [line]}
        request = post("/v1/inventory/reservations", body, port=port, token=token)
        key = b"\r\nIdempotency-Key: bench-%b\r\nAccept:" % _NUMBER
        self._parts = request.replace(b"\r\nAccept:", key, 1).split(_NUMBER)

    def make(self, number: int) -> bytes:
        return (b"%012d" % number).join(self._parts)


class Mixed:
    """Of twenty requests twelve read an order, two list orders and one its events, one places an order, one repeats
    what was placed a hundred requests ago, two are invalid and one is of a media type that nobody takes."""

    def __init__(self, orders: Sequence[str], *, port: int, token: str) -> None:
        self._reads = Reads(orders, port=port, token=token)
        self._places = Requests(port=port, token=token)
        self._list = get("/v1/orders?page_size=20", port=port, token=token)
        self._events = get(f"/v1/orders/{orders[0]}/events", port=port, token=token)

    def make(self, number: int) -> bytes:
        kind = number % 20
        if kind == 0:
            return self._places.make(number)
        if kind == 1:
            return self._places.make(number - 101)
        if kind in (2, 3):
            return self._list
        if kind == 4:
            return self._events
        if kind in (5, 6):
            return self._places.make(number).replace(b'"GBP"', b'"gbp"')
        if kind == 7:
            return self._places.make(number).replace(b"Type: application/json", b"Type: application/text")
        return self._reads.make(number)


def get(target: str, *, port: int, token: str) -> bytes:
    head = (
        f"GET {target} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        "Accept: application/json",
        "\r\n",
    )
    return "\r\n".join(head).encode()


def post(target: str, body: Any, *, port: int, token: str) -> bytes:
    content = json.dumps(body).encode()
    more = ("Content-Type: application/json", f"Content-Length: {len(content)}")
    head = get(target, port=port, token=token).decode().replace("GET", "POST", 1).replace("\r\n\r\n", "")
    return "\r\n".join([head, *more, "\r\n"]).encode() + content


def traffic(plan: Mapping[str, Any]) -> Traffic:
    where = {"port": plan["port"], "token": plan["token"]}
    if plan.get("traffic") == "reads":
        return Reads(plan["orders"], **where)
    if plan.get("traffic") == "questions":
        return Questions(plan["questions"], **where)
    if plan.get("traffic") == "reservations":
        return Wishes(HOT, **where)
    if plan.get("traffic") == "last_reservations":
        return Wishes("LAST", **where)
    if plan.get("traffic") == "mixed":
        return Mixed(plan["orders"], **where)
    return Requests(**where)
