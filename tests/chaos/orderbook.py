"""Purchase orders as those remember them who wrote and counted, beside what Omnigate says of them in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from httpx2 import AsyncClient

from tests.chaos.checker.papers import Invoice, Purchase, Receipt, Revision
from tests.chaos.reading import pages, told
from tests.proof.client import Channel

Json = dict[str, Any]
Priced = tuple[tuple[str, str, int, int], ...]

AGREED = ("confirmed", "partially_received", "received")
OVER, DECIDED = (*AGREED, "cancelled"), ("posted", "rejected")
BUYING = ("procure_to_pay", "end_purchase", "remind_supplier", "book_receipt", "post_invoice")
UNDER_WAY = "select count(*) from run where saga = any(%s) and state in ('running', 'waiting')"
PAGE = [("page_size", "200")]


@dataclass(slots=True)
class Remembered:
    """An order that a buyer wrote. `bills`: how many invoices are to come, once it is confirmed."""

    po_number: str
    bills: int
    issued: dict[int, Priced] = field(default_factory=dict)
    cancelled: bool = False
    receipts: list[Receipt] = field(default_factory=list)


@dataclass(slots=True)
class Orderbook:
    """*channel*: through which orders and invoices can be read. *supplier*: of all of them; the retailer's number."""

    channel: Channel
    sandbox: AsyncClient
    url: str
    supplier: str
    known: dict[str, Remembered] = field(default_factory=dict)  # by order
    counted: set[str] = field(default_factory=set)  # shipping notices whose goods are in

    @property
    def issued(self) -> int:
        return sum(bool(each.issued) for each in self.known.values())

    async def at_rest(self) -> bool:
        """Is each order agreed to or given up, each lorry unloaded, each bill decided, and nobody at work?"""
        orders = await self._listed("/v1/purchase-orders", "purchase_orders")
        if any(order["status"] not in OVER for order in orders):
            return False
        for order in orders:
            if order["status"] in AGREED and len(await self._bills(order["po_number"])) < self._due(order):
                return False
        sent = await self._listed("/v1/shipping-notices", "shipping_notices")
        invoices = await self._listed("/v1/supplier-invoices", "supplier_invoices")
        unloaded = {notice["asn_id"] for notice in sent} <= self.counted
        return unloaded and all(each["status"] in DECIDED for each in invoices) and await self._all_ended()

    def _due(self, order: Json) -> int:
        ours = self.known.get(order["po_id"])
        return ours.bills if ours else 0

    async def purchases(self) -> tuple[Purchase, ...]:
        orders = {order["po_id"]: order for order in await self._listed("/v1/purchase-orders", "purchase_orders")}
        names = (*self.known, *(orders.keys() - self.known.keys()))
        return tuple([await self._purchase(po_id, orders.get(po_id)) for po_id in names])

    async def invoices(self) -> tuple[Invoice, ...]:
        return tuple(
            Invoice(
                **{name: each[name] for name in ("invoice_id", "po_id", "status", "total", "currency")},
                number=each["invoice_number"],
                pieces=tuple((line.get("line_id", "-"), line["quantity"]) for line in each["lines"]),
            )
            for each in await self._listed("/v1/supplier-invoices", "supplier_invoices")
        )

    async def _purchase(self, po_id: str, order: Json | None) -> Purchase:
        ours = self.known.get(po_id) or Remembered("", 0)  # nobody wrote it: none of its revisions was issued
        seen: Mapping[str, Any] = await told(self.channel, f"/v1/purchase-orders/{po_id}") if order else {}
        in_force = seen.get("issued_revision")
        revisions = [Revision(number=number, lines=lines) for number, lines in ours.issued.items()]
        if in_force is not None and in_force not in ours.issued:
            revisions.append(Revision(number=in_force, lines=priced(seen["lines"]), agreed=True))
        bills = await self._bills(ours.po_number) if ours.bills else []
        return Purchase(
            po_id=po_id,
            po_number=ours.po_number,
            supplier=self.supplier,
            currency="GBP",
            status=seen.get("status"),
            in_force=in_force,
            revisions=tuple(revisions),
            cancelled=ours.cancelled,
            receipts=tuple(ours.receipts),
            arrived=tuple((each["line_id"], each["received"], each["accepted"]) for each in seen.get("deliveries", ())),
            billed=tuple(each["number"] for each in bills if each["state"] == "taken"),
        )

    async def documents(self, po_number: str) -> list[Json]:
        """What its supplier wrote and was answered for good."""
        page = await self.sandbox.get("/supplier/_documents", params={"po_number": po_number})
        found: list[Json] = page.raise_for_status().json()["documents"]
        return [each for each in found if each["state"] in ("taken", "refused")]

    async def _bills(self, po_number: str) -> list[Json]:
        return [each for each in await self.documents(po_number) if each["kind"] == "invoice"]

    async def _all_ended(self) -> bool:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            row = await (await connection.execute(UNDER_WAY, (list(BUYING),))).fetchone()
            return row == (0,)

    async def _listed(self, path: str, name: str) -> list[Json]:
        return [each async for each in pages(self.channel, path, name, PAGE)]


def priced(lines: list[Json]) -> Priced:
    return tuple((line["line_id"], line["sku"], line["quantity"], line["unit_price"]) for line in lines)
