"""What the load generator sends, ready as bytes: request after request, each by its number."""

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


def get(target: str, *, port: int, token: str) -> bytes:
    head = (
        f"GET {target} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        "Accept: application/json",
        "\r\n",
    )
    return "\r\n".join(head).encode()


def traffic(plan: Mapping[str, Any]) -> Traffic:
    where = {"port": plan["port"], "token": plan["token"]}
    if plan.get("traffic") == "reads":
        return Reads(plan["orders"], **where)
    return Requests(**where)
