"""Where adapters are put to the proof: back ends to speak to, ways to make them fail, and their books to look into."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import httpx2
import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from adapters.outbound import Bounds
from adapters.rest import MANIFESTS, Manifests, rest_back_ends
from adapters.sandbox import EXAMPLE_CATALOGUE, Product, SandboxOptions, create_sandbox
from adapters.sandbox.server import CuttableProtocol
from adapters.stripe import MANIFEST, stripe_payments
from gateway.domain.money import Money, extended
from gateway.domain.orders import Address, Contact, Customer, Line, Order, Payment, Totals
from gateway.fulfilment_ports import Carrier, Notifications, Store
from gateway.ports import BackEnd, BackEnds
from gateway.purchasing_ports import SupplierLink

Json = dict[str, Any]

CARD = "tok_visa"
DECLINED_CARD = "tok_declined"
EUR_30 = Money(30_00, "EUR")
KEY = "ord_1/step/1"
HOME = Address(name="A. Buyer", lines=("1 High Street",), city="Leeds", country="GB", postal_code="LS1 1AA")
ADA = Contact(email="ada@example.com", phone="+44 20 7946 0000")
SOME_DAY = datetime(2030, 5, 1, 12, tzinfo=UTC)
HURRY = 0.2  # seconds an attempt takes where it is known that no answer will come


def soon(seconds: float = 5.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def patient() -> Manifests:
    """What the adapters promise; one promise of it can be replaced."""
    return Manifests(**{each.name: dict(getattr(MANIFESTS, each.name)) for each in fields(MANIFESTS)})


def order(*wanted: tuple[str, int], price: str = "7.50", currency: str = "EUR", order_id: str = "ord_1") -> Order:
    """An order of these SKUs and quantities, three lamps if none are named."""
    nothing = Money(0, currency)
    lines = tuple(
        Line(str(place), sku, quantity, Decimal(price), nothing, nothing)
        for place, (sku, quantity) in enumerate(wanted or (("LAMP-7", 3),), 1)
    )
    goods = Money(sum(extended(line.unit_price, line.quantity, currency).amount for line in lines), currency)
    return Order(
        order_id=order_id,
        channel_id="web-uk",
        channel_order_id="536365",
        placed_at=datetime.now(UTC),
        currency=currency,
        tax_mode="inclusive",
        customer=Customer("person", "crm-17"),
        lines=lines,
        shipping_charge=nothing,
        payment=Payment("card", CARD, goods),
        totals=Totals(goods, nothing, nothing, nothing, goods),
    )


@dataclass(slots=True)
class SandboxClock:
    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(frozen=True, slots=True)
class Ground:
    """Back ends through an adapter, and the back ends' own side of it."""

    back_ends: BackEnds
    _sandbox: httpx2.AsyncClient
    _clock: SandboxClock
    payments: str = "psp"  # the ledger that payments stand in

    @property
    def stores(self) -> Store:
        assert self.back_ends.store is not None
        return self.back_ends.store

    @property
    def carrier(self) -> Carrier:
        assert self.back_ends.carrier is not None
        return self.back_ends.carrier

    @property
    def notifications(self) -> Notifications:
        assert self.back_ends.notifications is not None
        return self.back_ends.notifications

    @property
    def suppliers(self) -> SupplierLink:
        assert self.back_ends.supplier is not None
        return self.back_ends.supplier

    def clock_goes_ahead(self, seconds: float) -> None:
        """The sandbox's, so that what reaches it reaches it late."""
        self._clock.ahead = seconds

    def hurry(self, port: BackEnd, operation: str) -> None:
        """Wait a moment only for this operation's answers."""
        assert isinstance(port.manifest, dict)
        port.manifest[operation] = replace(port.manifest[operation], attempt=HURRY)

    async def fault(self, system: str, operation: str, kind: str, **more: float) -> None:
        """The next such call goes wrong in this way."""
        rule = {"system": system, "operation": operation, "kind": kind, "next": 1, **more}
        await self._asked("POST", "/faults", {"rules": [rule]})

    async def ship(self, shipment: str) -> None:
        await self._asked("POST", "/wms/_ship", {"shipment_id": shipment})

    async def close_period(self, *, closed: bool) -> None:
        """The ERP's fiscal one."""
        await self._asked("POST", "/erp/_period", {"closed": closed})

    async def purchases(self, po_number: str) -> list[Json]:
        """What the ERP has bought under a number, with how much of each line was ordered, came and was billed."""
        told = await self._asked("GET", "/erp/purchase-orders", query={"po_number": po_number})
        return list(told["purchase_orders"])

    async def at_the_store(self, does: Literal["answer", "pick", "hand_over"], task: str) -> None:
        await self._asked("POST", f"/store/_{does}", {"task_id": task})

    async def rule(self, kind: str, **more: str | int) -> None:
        """From now on stores do so with what they are asked for."""
        await self._asked("POST", "/store/_rules", {"rules": [{"kind": kind, **more}]})

    async def scan(self, label: str, status: str) -> None:
        """The carrier sees the parcel."""
        await self._asked("POST", "/carrier/_scan", {"label_id": label, "status": status})

    async def supply(self, message: str) -> None:
        """The supplier's goods leave, and nobody is told."""
        await self._asked("POST", "/supplier/_ship", {"message_id": message})

    async def messages(self) -> list[Json]:
        """What customers have received, the newest first."""
        listed: list[Json] = (await self._asked("GET", "/ledger/notifications/messages"))["messages"]
        return listed

    async def receive(self, sku: str, quantity: int, *, node: str = "main") -> None:
        await self._asked("POST", "/wms/_receive", {"sku": sku, "quantity": quantity, "node": node})

    async def lose(self, sku: str, quantity: int, *, node: str = "main") -> None:
        await self._asked("POST", "/wms/_lose", {"sku": sku, "quantity": quantity, "node": node})

    async def effects(self, system: str, **sought: str) -> list[Json]:
        """What stands in the system's ledger."""
        listed: list[Json] = (await self._asked("GET", f"/ledger/{system}/effects", query=sought))["effects"]
        return listed

    async def attempts(self, system: str, **sought: str) -> list[Json]:
        listed: list[Json] = (await self._asked("GET", f"/ledger/{system}/attempts", query=sought))["attempts"]
        return listed

    async def books(self, system: str) -> Json:
        """The balances of a system."""
        summary: Json = (await self._asked("GET", "/ledger/summary"))[system]
        return summary

    async def _asked(
        self, method: str, path: str, body: Json | None = None, *, query: dict[str, str] | None = None
    ) -> Json:
        answer = await self._sandbox.request(method, path, json=body, params=query)
        assert answer.is_success, answer.text
        read: Json = answer.json()
        return read


@asynccontextmanager
async def in_process(folder: Path, *, catalogue: Sequence[Product] = EXAMPLE_CATALOGUE) -> AsyncIterator[Ground]:
    """The REST adapters on a sandbox in this process, without a network."""
    clock = SandboxClock()
    async with _sandbox(folder, clock, catalogue) as app:
        transport = httpx2.ASGITransport(app)
        client = httpx2.AsyncClient(transport=transport, base_url="http://sandbox")
        async with client, back_ends("http://sandbox", transport=transport) as connected:
            yield Ground(connected, client, clock)


@asynccontextmanager
async def over_the_network(folder: Path) -> AsyncIterator[Ground]:
    """The REST adapters on a sandbox that is reached by sockets, where connections can be cut."""
    clock = SandboxClock()
    async with _sandbox(folder, clock) as app, listening(app) as url:
        client = httpx2.AsyncClient(base_url=url, trust_env=False, verify=False)
        async with client, back_ends(url) as connected:
            yield Ground(connected, client, clock)


@asynccontextmanager
async def in_reach(folder: Path) -> AsyncIterator[str]:
    """A sandbox alone: the address of it."""
    async with _sandbox(folder, SandboxClock()) as app, listening(app) as url:
        yield url


@asynccontextmanager
async def on_stripe(folder: Path) -> AsyncIterator[Ground]:
    """The same sandbox, spoken to in Stripe's dialect where money is concerned."""
    clock = SandboxClock()
    async with _sandbox(folder, clock) as app, listening(app) as url:
        client = httpx2.AsyncClient(base_url=url, trust_env=False, verify=False)
        stripe = stripe_payments(url=f"{url}/stripe", key="sk_test_of_no_value", manifest=dict(MANIFEST))
        async with client, back_ends(url) as connected, stripe as payments:
            yield Ground(replace(connected, payments=payments), client, clock, "stripe")


@asynccontextmanager
async def back_ends(
    url: str,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    bounds: Bounds | None = None,
) -> AsyncIterator[BackEnds]:
    async with rest_back_ends(
        payments_url=f"{url}/psp",
        erp_url=f"{url}/erp",
        wms_url=f"{url}/wms",
        store_url=f"{url}/store",
        carrier_url=f"{url}/carrier",
        notifications_url=f"{url}/notifications",
        supplier_url=f"{url}/supplier",
        polled=True,
        stock_changes=True,
        manifests=patient(),
        bounds=bounds,
        transport=transport,
    ) as connected:
        yield connected


@asynccontextmanager
async def _sandbox(
    folder: Path, clock: SandboxClock, catalogue: Sequence[Product] = EXAMPLE_CATALOGUE
) -> AsyncIterator[Starlette]:
    ledger = folder / "sandbox.sqlite"
    paces = dict.fromkeys(("ship_after", "accept_after", "ready_after", "collect_after", "supply_after"), 3600.0)
    app = create_sandbox(SandboxOptions(ledger=ledger, catalogue=tuple(catalogue), clock=clock, **paces))
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[str]:
    """What `uvicorn.run` does, in this event loop and without its signals and ticks."""
    config = uvicorn.Config(app, http=CuttableProtocol, ws="none", lifespan="off", access_log=False, log_level="error")
    config.load()
    state = ServerState()

    def protocol() -> CuttableProtocol:
        return CuttableProtocol(config=config, server_state=state, app_state={})

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in state.tasks:
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def refusing_port() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
