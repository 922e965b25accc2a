"""A sandbox in this process or in one of its own, a tester's client for it, and a receiver of its callbacks."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.sandbox import EXAMPLE_SECRET, Product, SandboxOptions, create_sandbox

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
PRODUCTS = (Product("LAMP-7", None, 10), Product("Mug-Red", "9521234500056", 3))
ALMOST_NEVER = 3600.0  # what a test asks for stays as it is until the test moves it on
SOME_DAY = "2030-05-01T12:00:00Z"
SERVE = """
import sys
from pathlib import Path
from adapters.sandbox import Product, SandboxOptions, run
ledger, port = sys.argv[1:]
run(SandboxOptions(ledger=Path(ledger), catalogue=(Product("LAMP-7", None, 10),), ship_after=0.0), port=int(port))
"""


@dataclass(slots=True)
class Tester:
    """Speaks the dialect and reads the ledgers."""

    http: httpx2.AsyncClient

    async def post(self, path: str, body: Json, *, key: str | None = None, **headers: str) -> httpx2.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, json=body, headers={"idempotency-key": key, **sent} if key else sent)

    async def get(self, path: str, **query: str) -> Json:
        answer: Json = (await self.http.get(path, params=query)).json()
        return answer

    async def authorise(self, *, key: str | None = "hold", amount: int = 3000, **headers: str) -> httpx2.Response:
        token = headers.pop("token", "tok_visa")
        body = {"reference": "ord_1", "token": token, "amount": {"amount": amount, "currency": "GBP"}}
        return await self.post("/psp/authorisations", body, key=key, **headers)

    async def book(self, *, reference: str = "ref-1", sku: str = "LAMP-7", **headers: str) -> httpx2.Response:
        line = {"line_id": "1", "sku": sku, "quantity": 2, "unit_price": "15.00", "total": 3000}
        totals = {"goods": 3000, "discount": 0, "shipping": 0, "tax": 0, "total": 3000}
        named = {"reference": reference, "order_id": "ord_1", "channel": "web", "customer_reference": "guest"}
        return await self.post("/erp/sales-orders", {**named, "currency": "GBP", "lines": [line], **totals}, **headers)

    async def release(
        self, *, key: str = "release", sku: str = "LAMP-7", quantity: int = 2, **headers: str
    ) -> httpx2.Response:
        line = {"line_id": "1", "sku": sku, "quantity": quantity}
        body = {"reference": "ref-w", "order_id": "ord_1", "lines": [line], "ship_to": {"name": "A. Body"}}
        return await self.post("/wms/shipments", body, key=key, **headers)

    async def ask(
        self, *wanted: tuple[str, int], key: str = "ask", method: str = "pickup", **headers: str
    ) -> httpx2.Response:
        """A store is asked to pick: two lamps, if nothing is named."""
        goods = enumerate(wanted or (("LAMP-7", 2),), 1)
        lines = [{"line_id": str(place), "sku": sku, "quantity": quantity} for place, (sku, quantity) in goods]
        named = {"reference": "ref-s", "order_id": "ord_1", "node": headers.pop("node", "main"), "method": method}
        return await self.post("/store/tasks", {**named, "until": SOME_DAY, "lines": lines}, key=key, **headers)

    async def effects(self, system: str, **query: str) -> list[str]:
        return [effect["kind"] for effect in (await self.get(f"/ledger/{system}/effects", **query))["effects"]]

    async def attempts(self, system: str) -> list[Json]:
        listed: list[Json] = (await self.get(f"/ledger/{system}/attempts"))["attempts"]
        return listed

    async def on_hand(self, sku: str) -> int:
        positions = (await self.get("/wms/stock"))["positions"]
        return int(next(position["on_hand"] for position in positions if position["sku"] == sku))


@dataclass(slots=True)
class Receiver:
    """Verifies and keeps each callback; answers with the statuses given, then 204."""

    statuses: list[int] = field(default_factory=list)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: Request) -> Response:
        headers = dict(request.headers)
        message = Webhook(EXAMPLE_SECRET).verify(await request.body(), headers)
        async with self.arrived:
            self.calls.append((headers["webhook-id"], message))
            self.headers.append(headers)
            self.arrived.notify_all()
        return Response(status_code=self.statuses.pop(0) if self.statuses else 204)

    async def has(self, number: int) -> None:
        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(lambda: len(self.calls) >= number)

    @property
    def transport(self) -> httpx2.ASGITransport:
        return httpx2.ASGITransport(Starlette(routes=[Route("/callbacks", self.take, methods=["POST"])]))


OpenSandbox = Callable[..., AbstractAsyncContextManager[Tester]]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def open_sandbox(tmp_path: Path, receiver: Receiver) -> OpenSandbox:
    """Opens the sandbox over one and the same ledger, as often as asked: closing and opening is a restart."""

    @asynccontextmanager
    async def opened(**given: Any) -> AsyncIterator[Tester]:
        usual: Json = {"ledger": tmp_path / "ledger.sqlite", "catalogue": PRODUCTS}
        paces = dict.fromkeys(
            ("ship_after", "accept_after", "ready_after", "collect_after", "supply_after"), ALMOST_NEVER
        )
        heard = dict.fromkeys(("callback_url", "store_callback_url"), "http://receiver/callbacks")
        app = create_sandbox(
            SandboxOptions(**{**usual, **paces, **heard, "callback_transport": receiver.transport, **given})
        )
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as http:
                yield Tester(http)

    return opened


@pytest.fixture
async def sandbox(open_sandbox: OpenSandbox) -> AsyncIterator[Tester]:
    async with open_sandbox() as tester:
        yield tester


@dataclass(slots=True)
class Process:
    """A sandbox of its own, which can be killed and started again over the same ledger."""

    ledger: Path
    port: int
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [sys.executable, "-c", SERVE, str(self.ledger), str(self.port)]
        self.running = subprocess.Popen(arguments, cwd=ROOT)

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None

    @asynccontextmanager
    async def tester(self) -> AsyncIterator[Tester]:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=10) as http:
            await until(lambda: _healthy(http))
            yield Tester(http)


async def _healthy(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/healthz")).is_success
    except httpx2.TransportError:
        return False


async def until(holds: Callable[[], Any]) -> None:
    """Poll a condition of another process."""
    async with asyncio.timeout(15):
        while not await holds():
            await asyncio.sleep(0.02)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = Process(tmp_path / "ledger.sqlite", port)
    started.start()
    yield started
    started.kill()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return until
