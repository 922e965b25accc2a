"""
The auditor: reads the sandbox's own ledgers and says what in them contradicts what a client was promised.

It is told what the client sent and what it was told at the end, and knows nothing else of Omnigate.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from httpx2 import AsyncClient

Json = dict[str, Any]

# (system, kind) in the order in which a completed order's effects must have happened, once each
COMPLETED = (
    ("psp", "authorisation"),
    ("erp", "sales_order"),
    ("wms", "shipment"),
    ("wms", "shipped"),
    ("psp", "capture"),
    ("erp", "invoice"),
)
# what was done, and what must have taken it back, where the order did not go through
REVERSED = (
    (("psp", "authorisation"), ("psp", "void")),
    (("erp", "sales_order"), ("erp", "cancel")),
    (("wms", "shipment"), ("wms", "cancel")),
)
WITH_AMOUNT = ("authorisation", "capture", "void", "sales_order", "invoice")


@dataclass(frozen=True, slots=True)
class Promised:
    """An order as its client sent it, and the end it was told of."""

    order_id: str
    status: str
    body: Json

    @property
    def total(self) -> Json:
        found: Json = self.body["totals"]["grand_total"]
        return found

    @property
    def lines(self) -> list[tuple[str, str, int]]:
        return sorted((line["line_id"], line["sku"].upper(), line["quantity"]) for line in self.body["lines"])

    @property
    def goods(self) -> int:
        """Computed anew: half a penny is rounded up, line by line."""
        each = (Decimal(line["unit_price"]) * line["quantity"] * 100 for line in self.body["lines"])
        return sum(int(value.quantize(Decimal(1), ROUND_HALF_UP)) for value in each)


async def effects(sandbox: AsyncClient, **only: str) -> list[Json]:
    """Every effect of the three systems, in the order in which they happened."""
    found: list[Json] = []
    for system in ("psp", "erp", "wms"):
        after: int | None = 0
        while after is not None:
            asked = {"after": str(after), "limit": "1000", **only}
            page = (await sandbox.get(f"/ledger/{system}/effects", params=asked)).raise_for_status().json()
            found += page["effects"]
            after = page["next"]
    return sorted(found, key=lambda effect: int(effect["sequence"]))


def faults(ledger: Sequence[Json], orders: Sequence[Promised]) -> list[str]:
    """What is wrong, a sentence each; nothing when the books agree with the promises."""
    by_order: dict[str, list[Json]] = {order.order_id: [] for order in orders}
    found = []
    for effect in ledger:
        if effect["order_id"] in by_order:
            by_order[effect["order_id"]].append(effect)
        else:
            found.append(f"ghost: {_named(effect)} belongs to no order of this client")
    found += _doubled(ledger)
    for order in orders:
        found += (f"{order.order_id} ({order.status}): {fault}" for fault in _of(order, by_order[order.order_id]))
    return [*found, *_money(ledger, orders)]


def _doubled(ledger: Sequence[Json]) -> Iterator[str]:
    names = Counter(
        (effect["system"], effect["kind"], effect["key"] or effect["reference"])
        for effect in ledger
        if effect["kind"] != "shipped"  # done by the warehouse itself, counted per order
    )
    for (system, kind, name), count in names.items():
        if name is None:
            yield f"{count} effects {system} {kind} have neither key nor reference"
        elif count > 1:
            yield f"doubled: {count} effects {system} {kind} under {name}"


def _of(order: Promised, done: Sequence[Json]) -> Iterator[str]:
    kinds = Counter((effect["system"], effect["kind"]) for effect in done)
    if order.status == "completed":
        yield from _completed(order, done, kinds)
    elif order.status in ("rejected", "cancelled"):
        yield from _taken_back(kinds)
    else:
        yield "this is no end"
    for effect in done:
        if (effect["amount"] is not None or effect["kind"] in WITH_AMOUNT) and effect["amount"] != order.total:
            yield f"{_named(effect)} is {effect['amount']}, the order {order.total}"
        if effect["kind"] in ("sales_order", "shipment") and _lines(effect) != order.lines:
            yield f"{_named(effect)} has other lines than the order"
        if effect["kind"] == "sales_order" and effect["data"]["goods"] != order.goods:
            yield f"{_named(effect)} has goods of {effect['data']['goods']}, the order of {order.goods}"


def _completed(order: Promised, done: Sequence[Json], kinds: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for kind in COMPLETED:
        if kinds.get(kind, 0) != 1:
            yield f"{kinds.get(kind, 0)} effects {' '.join(kind)} instead of one"
    for kind in kinds.keys() - set(COMPLETED):
        yield f"an effect {' '.join(kind)} has no place in a completed order"
    happened = tuple((effect["system"], effect["kind"]) for effect in done)
    if set(happened) == set(COMPLETED) and happened != COMPLETED:
        yield f"the effects happened in the order {happened}"
    invoices = [effect for effect in done if effect["kind"] == "invoice"]
    captures = {effect["id"] for effect in done if effect["kind"] == "capture"}
    for invoice in invoices:
        if not invoice["data"]["paid"] or invoice["data"]["payment"] not in captures:
            yield "the invoice is not paid by the capture"


def _taken_back(kinds: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for done, undone in REVERSED:
        if kinds.get(done, 0) > 1 or kinds.get(done, 0) != kinds.get(undone, 0):
            yield f"{kinds.get(done, 0)} times {' '.join(done)}, {kinds.get(undone, 0)} times taken back"
    allowed = {kind for pair in REVERSED for kind in pair}
    for kind in kinds.keys() - allowed:
        yield f"an effect {' '.join(kind)} has no place in an order that did not go through"


def _money(ledger: Sequence[Json], orders: Sequence[Promised]) -> Iterator[str]:
    promised = sum(order.total["amount"] for order in orders if order.status == "completed")
    for kind in ("capture", "invoice"):
        taken = sum(effect["amount"]["amount"] for effect in ledger if effect["kind"] == kind)
        if taken != promised:
            yield f"money: {kind}s come to {taken}, completed orders to {promised}"


def _lines(effect: Json) -> list[tuple[str, str, int]]:
    return sorted((line["line_id"], line["sku"].upper(), line["quantity"]) for line in effect["lines"] or [])


def _named(effect: Json) -> str:
    return f"{effect['system']} {effect['kind']} {effect['id']}"
