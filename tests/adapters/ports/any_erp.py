"""An ERP behind whatever adapter, reached over a wire that can lose what it carries: nothing of its own is needed."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx2

from adapters.outbound import Bounds, Outbound, network
from adapters.rest import MANIFESTS
from adapters.rest.dialect import Conversation
from adapters.rest.erp import RestErp
from gateway.back_ends import own_adapter, roles
from gateway.domain.credits import CreditLine, CreditMemo
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.domain.procurement import Purchase
from gateway.ports import Crediting, Effect, Erp
from gateway.purchasing_ports import Purchasing
from gateway.settings import Settings, read_settings
from tests.adapters.ports import buying
from tests.adapters.ports.ground import EUR_30, in_reach, order

SKU = os.environ.get("SUITE_SKU", "LAMP-7")  # an article that the ERP sells
SUPPLIER = os.environ.get("SUITE_SUPPLIER", "S-4711")  # one that it buys from, by its code there
BOUNDS = Bounds(failures=100)  # what is lost here says nothing about the ERP

Make = Callable[[Outbound, str | None], Erp]


class Wire(httpx2.AsyncBaseTransport):
    """The network. The next effect's answer can be lost on it, in one of these ways: cut, garbage, error."""

    def __init__(self) -> None:
        self._network = network(BOUNDS)
        self.loses: str | None = None
        self.effects = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._network.handle_async_request(request)
        if request.method != "POST":
            return response
        self.effects += 1
        lost, self.loses = self.loses, None
        if lost is None:
            return response
        await response.aread()
        await response.aclose()
        if lost == "cut":
            raise httpx2.ReadError("the answer was lost")
        status, content = {"garbage": (200, b"<html>"), "error": (500, b"")}[lost]
        return httpx2.Response(status, stream=httpx2.ByteStream(content))

    async def aclose(self) -> None:
        await self._network.aclose()


@dataclass(frozen=True, slots=True)
class AnyErp:
    port: Erp
    wire: Wire
    make: Make

    def order(self, sku: str = SKU) -> Order:
        return order((sku, 4), order_id=f"ord_{uuid4().hex}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One effect, ready to be asked for under a key of its own."""

    erp: AnyErp
    operation: str
    key: str
    ask: Callable[[], Awaitable[Effect]]
    subject: str | None = None

    async def find(self) -> list[Effect]:
        return await self.erp.port.find(self.operation, key=self.key, subject=self.subject)

    async def found(self) -> list[Effect]:
        """What is found once the lag that the manifest admits is over."""
        left = self.erp.port.manifest[self.operation].lag
        while not (found := await self.find()) and left > 0:
            left -= 1
            await asyncio.sleep(1)
        return found


async def book(erp: AnyErp) -> Asked:
    placed = erp.order()
    key = f"{placed.order_id}:book_in_erp"
    return Asked(erp, "book", key, partial(erp.port.book, placed, key=key))


async def cancel(erp: AnyErp) -> Asked:
    placed = erp.order()
    booked = await erp.port.book(placed, key=f"{placed.order_id}:book_in_erp")
    key = f"{placed.order_id}:book_in_erp:undo"
    return Asked(erp, "cancel", key, partial(erp.port.cancel, booked.id, key=key), booked.id)


async def invoice(erp: AnyErp) -> Asked:
    placed = erp.order()
    booked = await erp.port.book(placed, key=f"{placed.order_id}:book_in_erp")
    key = f"{placed.order_id}:invoice"
    return Asked(erp, "invoice", key, partial(erp.port.invoice, booked.id, EUR_30, capture="cap_1", key=key), booked.id)


async def credit(erp: AnyErp) -> Asked:
    """A lamp of four came back; of an ERP that says it credits."""
    posted = await invoice(erp)
    billed = await posted.ask()
    placed = posted.key.partition(":")[0]
    assert isinstance(erp.port, Crediting)
    assert posted.subject is not None
    memo = CreditMemo(
        order_id=placed,
        sales_order=posted.subject,
        invoice=billed.id,
        lines=(CreditLine("1", SKU, 1, Money(6_30, "EUR"), Money(1_20, "EUR")),),
        reason="changed_mind",
        refund="ref_1",
    )
    key = f"{placed}:credit"
    return Asked(erp, "credit", key, partial(erp.port.credit, memo, key=key))


async def order_goods(erp: AnyErp) -> Asked:
    """Of an ERP that says it books what is bought, as those that follow."""
    ordered = _purchase()
    key = f"{ordered.po_id}:order_goods"
    return Asked(erp, "order_goods", key, partial(_purchasing(erp).order_goods, ordered, key=key))


async def cancel_purchase(erp: AnyErp) -> Asked:
    ordered = await (await order_goods(erp)).ask()
    key = f"{ordered.key}:undo"
    ask = partial(_purchasing(erp).cancel_purchase, ordered.id, key=key)
    return Asked(erp, "cancel_purchase", key, ask, ordered.id)


async def receive_goods(erp: AnyErp) -> Asked:
    ordered = await (await order_goods(erp)).ask()
    po_id = ordered.key.partition(":")[0]
    came = replace(buying.receipt(ordered.id, accepted=1, sku=SKU), po_number=po_id, receipt_number=uuid4().hex)
    key = f"{po_id}:receive_goods"
    return Asked(erp, "receive_goods", key, partial(_purchasing(erp).receive_goods, came, key=key))


async def post_bill(erp: AnyErp) -> Asked:
    ordered = await (await order_goods(erp)).ask()
    po_id = ordered.key.partition(":")[0]
    due = replace(buying.bill(ordered.id, sku=SKU), po_number=po_id, invoice_number=uuid4().hex[:12])
    due = replace(due, supplier_code=SUPPLIER)
    key = f"{po_id}:post_bill"
    return Asked(erp, "post_bill", key, partial(_purchasing(erp).post_bill, due, key=key))


def _purchase() -> Purchase:
    po_id = f"po_{uuid4().hex}"
    return replace(buying.purchase(sku=SKU), po_id=po_id, po_number=po_id, supplier_code=SUPPLIER)


def _purchasing(erp: AnyErp) -> Purchasing:
    assert isinstance(erp.port, Purchasing)
    return erp.port


@asynccontextmanager
async def rest(folder: Path) -> AsyncIterator[AnyErp]:
    """The REST dialect on the sandbox."""
    async with in_reach(folder) as url, over_a_wire(_rest, url=f"{url}/erp", key=None) as erp:
        yield erp


@asynccontextmanager
async def named(_: Path, settings: Settings | None = None) -> AsyncIterator[AnyErp]:
    """The adapter that OMNIGATE_ERP names, on the ERP at OMNIGATE_ERP_URL."""
    _, role, _ = roles(settings or read_settings())
    key = role.key.get_secret_value() if role.key else None
    async with over_a_wire(own_adapter(role), url=str(role.url), key=key) as erp:
        yield erp


@asynccontextmanager
async def over_a_wire(make: Make, *, url: str, key: str | None) -> AsyncIterator[AnyErp]:
    wire = Wire()
    async with wire, Outbound("erp", url=url, bounds=BOUNDS, transport=wire) as outbound:
        yield AnyErp(make(outbound, key), wire, lambda outbound, _: make(outbound, key))


def _rest(outbound: Outbound, _: str | None) -> Erp:
    return RestErp(Conversation(outbound, manifest=MANIFESTS.erp))
