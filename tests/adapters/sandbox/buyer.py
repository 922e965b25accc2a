"""Whoever orders of the pretend suppliers: what it sends them, and its door."""

from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
SECRET = "of-no-value"
ACCOUNT = {"base_url": "http://buyer/", "client_id": "works", "client_secret": SECRET}
LINE = {"line_id": "1", "sku": "LAMP-7", "quantity": 10, "unit_price": 450, "requested_date": "2030-05-01"}
ORDER = {
    "reference": "send",
    "po_id": "po_1",
    "po_number": "PO-1",
    "revision": 1,
    "supplier_code": "V-100",
    "currency": "GBP",
    "lines": [LINE],
}


@dataclass(slots=True)
class Buyer:
    """Whoever ordered: gives tokens, shows the order as it stands, and keeps what it is sent."""

    status: str = "confirmed"
    lines: list[Json] = field(default_factory=lambda: [LINE])
    statuses: list[int] = field(default_factory=list)  # of the answers to come; then 201
    taken: list[tuple[str, str, Json]] = field(default_factory=list)
    tokens: int = 0

    async def token(self, request: Request) -> Response:
        assert b64decode(request.headers["authorization"].removeprefix("Basic ")) == f"works:{SECRET}".encode()
        self.tokens += 1
        return JSONResponse({"access_token": f"token-{self.tokens}", "expires_in": 600})

    async def show(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer token-{self.tokens}"
        return JSONResponse({"po_id": "po_1", "status": self.status, "lines": self.lines})

    async def take(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer token-{self.tokens}"
        self.taken.append((request.headers["idempotency-key"], request.url.path, await request.json()))
        status = self.statuses.pop(0) if self.statuses else 201
        return JSONResponse({"retryable": status == 409}, status)

    @property
    def kinds(self) -> list[str]:
        return [path.rpartition("/")[2] for _, path, _ in self.taken]

    @property
    def app(self) -> Starlette:
        routes = [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/v1/purchase-orders/{po}", self.show),
            Route("/v1/{path:path}", self.take, methods=["POST"]),
        ]
        return Starlette(routes=routes)


def is_sscc(code: str) -> bool:
    """Eighteen digits, weighed three and one from the right: a multiple of ten."""
    return len(code) == 18 and sum(int(d) * (1 if at % 2 == 0 else 3) for at, d in enumerate(reversed(code))) % 10 == 0
