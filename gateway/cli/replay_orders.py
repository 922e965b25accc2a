"""From invoices to orders: which lines are goods, which are shipping, which are left out and why."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.cli.replay_file import Row
from gateway.domain.money import extended
from gateway.domain.orders import order_from
from gateway.domain.time import rfc3339
from gateway.errors import Misconfigured

CANCELLATION = "C"  # what the number of an invoice that takes another back begins with
SHIPPING = frozenset({"POST", "DOT", "C2"})
CURRENCY = "GBP"

Body = dict[str, Any]


@dataclass(slots=True)
class Invoice:
    """The lines of one invoice number, sorted into goods and shipping."""

    number: str
    at: datetime
    customer: str | None
    country: str
    goods: list[Row] = field(default_factory=list)
    shipping: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sales:
    """A file, understood: its orders in the order of the file, and a count of everything that is none."""

    orders: Sequence[Invoice]
    left_out: Mapping[str, int]  # reason -> lines
    no_orders: Mapping[str, int]  # reason -> invoices

    def first(self, count: int | None) -> "Sales":
        return Sales(self.orders[:count], self.left_out, self.no_orders)

    @property
    def lines(self) -> int:
        return sum(len(invoice.goods) for invoice in self.orders)

    @property
    def goods(self) -> int:
        """In minor units; each line is rounded once."""
        return sum(extended(row.price, row.quantity, CURRENCY).amount for each in self.orders for row in each.goods)

    def demand(self) -> dict[str, int]:
        wanted: Counter[str] = Counter()
        for invoice in self.orders:
            for row in invoice.goods:
                wanted[row.code] += row.quantity
        return dict(sorted(wanted.items()))


def sales_of(rows: Iterable[Row]) -> Sales:
    """Sort rows into orders. An invoice that takes another back, or has no goods left, is no order."""
    invoices: dict[str, Invoice] = {}
    taken_back: set[str] = set()
    left_out: Counter[str] = Counter()
    for row in rows:
        if row.invoice.upper().startswith(CANCELLATION):
            taken_back.add(row.invoice)
            continue
        invoice = invoices.setdefault(row.invoice, Invoice(row.invoice, row.at, row.customer, row.country))
        if row.code in SHIPPING:
            invoice.shipping += row.price * row.quantity
        elif reason := _no_goods(row):
            left_out[reason] += 1
        else:
            invoice.goods.append(row)
    orders = [invoice for invoice in invoices.values() if invoice.goods]
    no_orders = {"cancellation": len(taken_back), "no goods left": len(invoices) - len(orders)}
    return Sales(orders, left_out, no_orders)


def _no_goods(row: Row) -> str | None:
    if not row.is_product:
        return "code is no product"
    if row.quantity <= 0:
        return "quantity not positive"
    return "price not positive" if row.price <= 0 else None


def body_of(invoice: Invoice, channel: str) -> Body:
    """The order as the channel places it. The file has no addresses, and the body says so."""
    name = f"customer {invoice.customer}" if invoice.customer else "guest"
    address = {"name": name, "lines": ["address not in file"], "city": "unknown", "country": invoice.country}
    body: Body = {
        "channel": {"channel_id": channel},
        "channel_order_id": invoice.number,
        "placed_at": rfc3339(invoice.at),
        "currency": CURRENCY,
        "tax_mode": "exclusive",
        "customer": {"type": "person"} | ({"customer_ref": invoice.customer} if invoice.customer else {}),
        "lines": [_line(str(number), row) for number, row in enumerate(invoice.goods, 1)],
        "delivery_groups": [{"id": "1", "method": "ship_to_home", "address": address}],
    }
    shipping = extended(invoice.shipping, 1, CURRENCY).amount
    if shipping < 0:
        raise Misconfigured(f"invoice {invoice.number}: its shipping lines sum to less than nothing")
    if shipping:
        body["shipping_charge"] = {"amount": shipping, "currency": CURRENCY}
    return priced(body, token=f"tok_{invoice.number}")


def priced(body: Body, *, token: str) -> Body:
    """The body with the payment and totals that follow from its lines and charges."""
    nothing = {"amount": 0, "currency": body["currency"]}
    unpaid = {"method": "card", "token": token, "amount": nothing}
    blank = dict.fromkeys(("items", "discount", "shipping", "tax", "grand_total"), nothing)
    sums = order_from({**body, "payment": unpaid, "totals": blank}, "unplaced").computed()
    totals = {name: {"amount": getattr(sums, name).amount, "currency": body["currency"]} for name in blank}
    return {**body, "payment": {**unpaid, "amount": totals["grand_total"]}, "totals": totals}


def _line(number: str, row: Row) -> Body:
    line: Body = {
        "line_id": number,
        "sku": row.code,
        "quantity": row.quantity,
        "unit_price": f"{row.price.normalize():f}",
    }
    return line | ({"name": row.name} if row.name else {})


def write_catalogue(sales: Sales, path: Path) -> int:
    """What the sandbox needs on its shelves to ship every order once; answers the number of articles."""
    wanted = sales.demand()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("sku", "gtin", "on_hand"))
        writer.writerows((sku, "", quantity) for sku, quantity in wanted.items())
    return len(wanted)
