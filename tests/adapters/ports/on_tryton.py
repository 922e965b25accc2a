"""
The ports on Tryton, and what its own clerk sees there.

All tests of a run share a server and its database, as setting one up takes longer than a test. So each test's keys and
order ids get a mark of its own on the way in, and lose it on the way out.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from adapters.sandbox import EXAMPLE_CATALOGUE
from adapters.tryton import (
    MANIFESTS,
    Login,
    Manifests,
    TrytonErp,
    TrytonMoves,
    TrytonWms,
    mapping_from,
    tryton_back_ends,
)
from adapters.tryton import Mapping as Words
from gateway.domain.credits import CreditMemo
from gateway.domain.money import Money
from gateway.domain.orders import Address, Order
from gateway.ports import BackEnd, BackEnds, Effect
from gateway.told import STOCK
from tests.adapters.ports.tryton_books import Books
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton

Json = dict[str, Any]

# What Tryton, or what we make of it, does otherwise than the suites expect: the test that shows it, and in what.
ITS_OWN_LOOK = "its adapter looks first by itself, so a repetition is the same sale or invoice"
FOUR_DIGITS = "it has prices of four digits, and comes to the same amount with other ones"
DEVIATIONS = {
    "test_repeating_does_what_the_manifest_promises[tryton-book]": ITS_OWN_LOOK,
    "test_repeating_does_what_the_manifest_promises[tryton-invoice]": ITS_OWN_LOOK,
    "test_repeating_does_what_the_manifest_promises[tryton-credit]": ITS_OWN_LOOK,
    "test_copies_at_the_same_time_do_what_the_manifest_promises[tryton-book]": ITS_OWN_LOOK,
    "test_copies_at_the_same_time_do_what_the_manifest_promises[tryton-invoice]": ITS_OWN_LOOK,
    "test_copies_at_the_same_time_do_what_the_manifest_promises[tryton-credit]": ITS_OWN_LOOK,
    "test_prices_arrive_as_they_were_quoted[tryton-0.005-1-GBP-0.005-1]": FOUR_DIGITS,
    "test_prices_arrive_as_they_were_quoted[tryton-0.000001-1000000-EUR-0.000001-100]": FOUR_DIGITS,
    "test_prices_arrive_as_they_were_quoted[tryton-1.10-3-EUR-1.10-330]": "it keeps no zeros at the end",
    "test_each_level_tells_when_it_was_true[tryton]": "its counts name no GTIN, and include what other tests shipped",
}
TOO_SLOW = {"test_a_guest_and_a_thousand_lines_are_booked[tryton]": "a thousand lines take it a minute"}
FRESH = ("test_stock_is_what_lies_on_the_shelves",)  # counts everything, so its server is its own

# The call that decides an effect, by what the sandbox calls it; a question is decided by the first thing that is asked.
DECIDING = {
    "create_sales_order": ("model.sale.sale.confirm",),
    "cancel_sales_order": ("wizard.sale.handle.invoice.exception.execute", "handle"),
    "create_invoice": ("wizard.account.invoice.pay.execute", "choice"),
    "create_credit_memo": ("wizard.account.invoice.pay.execute", "choice"),
    "create_shipment": ("model.stock.shipment.out.assign_try",),
    "cancel_shipment": ("model.stock.shipment.out.cancel",),
}
SLOW = 0.1  # seconds
QUESTIONS = ("search_read", "ir.date.today", "db.login", "get_preferences")


@dataclass(slots=True)
class Unreliable(httpx2.AsyncBaseTransport):
    """A network that loses one call, or its answer, when it is told to."""

    carrier: httpx2.AsyncBaseTransport
    next: tuple[tuple[str, ...], str] | None = None  # the call, and what goes wrong with it
    effects: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        said = json.loads(request.content)
        if not said["method"].endswith(QUESTIONS):
            self.effects.append(said["method"])
        if self.next is None or not self._is_it(said, self.next[0]):
            return await self.carrier.handle_async_request(request)
        (_, kind), self.next = self.next, None
        if kind == "delay":
            await asyncio.sleep(SLOW)
            return await self.carrier.handle_async_request(request)
        if kind.endswith("_before"):
            return _lost(kind)
        await (await self.carrier.handle_async_request(request)).aread()
        return _lost(kind)

    def _is_it(self, said: Json, sought: tuple[str, ...]) -> bool:
        method, *words = sought
        return said["method"].endswith(method) and all(word in said["params"] for word in words)


def _lost(kind: str) -> httpx2.Response:
    if kind.startswith("error"):
        return httpx2.Response(500, stream=httpx2.ByteStream(b"oh dear"))
    if kind == "garbage":
        return httpx2.Response(200, stream=httpx2.ByteStream(b'{"id": 1, "resu'))
    raise httpx2.ReadTimeout("no answer") if kind.startswith("hang") else httpx2.ReadError("connection reset")


@dataclass(frozen=True, slots=True)
class Marked:
    """A port whose keys and order ids are a test's own."""

    port: TrytonErp | TrytonWms
    mark: str
    erp: TrytonErp

    @property
    def manifest(self) -> Any:
        return self.port.manifest

    async def book(self, order: Order, *, key: str) -> Effect:
        return self._plain(await self.erp.book(self._own(order), key=self.mark + key))

    async def cancel(self, subject: str, *, key: str) -> Effect:
        return self._plain(await self.port.cancel(subject, key=self.mark + key))

    async def invoice(self, sales_order: str, total: Money, *, capture: str, key: str) -> Effect:
        done = await self.erp.invoice(sales_order, total, capture=capture, key=self.mark + key)
        return self._plain(done)

    async def credit(self, memo: CreditMemo, *, key: str) -> Effect:
        return self._plain(await self.erp.credit(memo, key=self.mark + key))

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        """What is released has been booked."""
        assert isinstance(self.port, TrytonWms)
        if ship_to is not None:
            await self.erp.book(self._own(order), key=self.mark + "booked")
        return self._plain(await self.port.release(self._own(order), ship_to, key=self.mark + key))

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        found = await self.port.find(operation, key=self.mark + key, subject=subject)
        return [self._plain(each) for each in found]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)  # shipment, stock

    def _own(self, order: Order) -> Order:
        return replace(order, order_id=self.mark + order.order_id)

    def _plain(self, effect: Effect) -> Effect:
        return replace(effect, key=effect.key.removeprefix(self.mark))


@dataclass(frozen=True, slots=True)
class TrytonGround:
    """What `ground.Ground` is for the sandbox."""

    back_ends: BackEnds
    mark: str
    _clerk: Clerk
    _networks: dict[str, Unreliable]
    _books: Books
    _skus: dict[int, str]
    _nodes: Mapping[str, int]  # warehouses

    def clock_goes_ahead(self, seconds: float) -> None:
        pytest.skip("Tryton cannot be told a deadline; its manifest waits the longer for what was sent")

    def hurry(self, port: BackEnd, operation: str) -> None:
        """Lost answers are lost at once here."""

    async def fault(self, system: str, operation: str, kind: str, **more: float) -> None:
        self._networks[system].next = (DECIDING.get(operation, ("search_read",)), kind)

    async def ship(self, shipment: str) -> None:
        await asyncio.to_thread(self._clerk.ship, shipment)

    async def receive(self, sku: str, quantity: int, *, node: str = "main") -> None:
        await asyncio.to_thread(self._clerk.receive, self._product(sku), quantity, self._nodes[node])

    async def lose(self, sku: str, quantity: int, *, node: str = "main") -> None:
        await asyncio.to_thread(self._clerk.move, self._product(sku), quantity, self._nodes[node], "lost_found")

    async def close_period(self, *, closed: bool) -> None:
        await asyncio.to_thread(self._clerk.close_period, closed=closed)

    def _product(self, sku: str) -> int:
        return next(product for product, mapped in self._skus.items() if mapped == sku)

    async def attempts(self, system: str) -> list[str]:
        return list(self._networks[system].effects)

    async def effects(self, system: str, kind: str | None = None) -> list[Json]:
        return self._books.effects(system, kind)

    async def books(self, system: str) -> Json:
        return self._books.balances(system)


@asynccontextmanager
async def on_tryton(server: Tryton, clerk: Clerk) -> AsyncIterator[TrytonGround]:
    async with httpx2.AsyncHTTPTransport(trust_env=False) as network:
        networks = {role: Unreliable(network) for role in ("erp", "wms")}
        manifests = Manifests(erp=dict(MANIFESTS.erp), wms=dict(MANIFESTS.wms))
        mapping = mapping_of(server, nodes=server.seed["nodes"], skip_warnings=["invoice_taxes"])
        mark = f"{uuid4().hex[:12]}:"
        async with (
            tryton_back_ends(login_of(server), mapping, manifests=manifests, transport=networks["erp"]) as books,
            tryton_back_ends(login_of(server), mapping, manifests=manifests, transport=networks["wms"]) as house,
        ):
            erp, wms = Marked(books.erp, mark, books.erp), Marked(house.wms, mark, books.erp)
            skus = {product: sku for sku, product in mapping.articles.items()}
            moves = TrytonMoves(house.talks["wms"], mapping, clock=time.time)
            connected = BackEnds(payments=None, erp=erp, wms=wms, changes={STOCK: moves})
            yield TrytonGround(connected, mark, clerk, networks, Books(clerk, mark, skus), skus, mapping.warehouses)


def login_of(server: Tryton) -> Login:
    return Login(url=server.url, database=server.database, user=server.login, password=server.password)


def mapping_of(server: Tryton, **other: Any) -> Words:
    """The set-up shop, as its operator would write it down; only the articles that the suites speak of."""
    seed = server.seed
    names = ("company", "unit", "payment_term", "payment_method", "carrier", "register", "delivery", "rounding")
    given = {name: seed[name] for name in (*names, "currencies", "countries", "taxes", "channels", "fees", "purchases")}
    articles = {product.sku: seed["products"][product.sku] for product in EXAMPLE_CATALOGUE}
    value = {**given, "warehouse": seed["warehouse"]["id"], "articles": articles, **other}
    return mapping_from(value, lambda *place: ".".join(map(str, place)))
