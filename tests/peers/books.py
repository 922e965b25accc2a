"""Tryton's books as an auditor reads them: over its own API, by a client that shares no code with the adapter."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.peers.clerk import Clerk

SALE = ["number", "state", "reference", "total_amount", "shipments", "invoices", "comment"]


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale with what became of it: the states of its shipments and of its invoices, and what those amount to."""

    number: str
    state: str
    reference: str
    total: Decimal
    shipments: tuple[str, ...]
    invoices: tuple[str, ...]
    invoiced: Decimal
    comment: str

    @property
    def cancelled(self) -> bool:
        """Tryton calls a sale done whose shipments are all cancelled."""
        all_cancelled = bool(self.shipments) and set(self.shipments) == {"cancelled"}
        return self.state == "cancelled" or (self.state == "done" and all_cancelled)

    @property
    def order_id(self) -> str:
        """Of which it is a part: the last word of the comment."""
        return self.comment.rpartition(" ")[2]


def sales(clerk: Clerk, order_id: str = "ord") -> list[Sale]:
    """Every sale under one of our references, oldest first; those of one order, if it is named."""
    found = clerk.found("sale.sale", SALE, ["comment", "like", f"% {order_id}%"])
    return [_sale(clerk, each) for each in found]


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back of a sale: the states of its return shipments and credit notes, and what those amount to."""

    reference: str
    total: Decimal
    shipments: tuple[str, ...]
    credit_notes: tuple[str, ...]
    credited: Decimal
    pieces: int


def came_back(clerk: Clerk, order_id: str) -> list[CameBack]:
    """What came back of an order's sales, oldest first."""
    sold = clerk.found("sale.sale", ["number"], ["comment", "like", f"% {order_id}%"])
    origins = [f"sale.sale,{each['id']}" for each in sold]
    fields = ["reference", "total_amount", "shipment_returns", "invoices"]
    return [_came_back(clerk, each) for each in clerk.found("sale.sale", fields, ["origin", "in", origins])]


@dataclass(frozen=True, slots=True)
class Billed:
    """A supplier's invoice: its lines as pieces and price, and what all of it comes to."""

    state: str
    reference: str
    lines: tuple[tuple[float, Decimal], ...]
    tax: Decimal
    total: Decimal
    taxes: tuple[Decimal, ...] = field(default=(), compare=False)  # of which it is made, the largest first


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase with what became of it: shipments of the supplier, pieces that lie in storage, invoices."""

    state: str
    shipment_state: str
    total: Decimal
    shipments: tuple[str, ...]
    received: float
    awaited: float
    bills: tuple[Billed, ...]


def bought(clerk: Clerk, po_number: str) -> list[Bought]:
    """Every purchase of that number, oldest first."""
    fields = ["state", "shipment_state", "total_amount", "shipments", "moves", "invoices"]
    return [_bought(clerk, each) for each in clerk.found("purchase.purchase", fields, ["reference", "=", po_number])]


def _bought(clerk: Clerk, purchase: dict[str, Any]) -> Bought:
    shipments = clerk.found("stock.shipment.in", ["state", "inventory_moves"], ["id", "in", purchase["shipments"]])
    stored = [number for each in shipments for number in each["inventory_moves"]]
    away = clerk.found("stock.move", ["quantity"], ["id", "in", stored], ["state", "=", "done"])
    due = clerk.found("stock.move", ["quantity"], ["id", "in", purchase["moves"]], ["state", "=", "draft"])
    fields = ["state", "reference", "tax_amount", "total_amount", "lines", "taxes"]
    return Bought(
        state=purchase["state"],
        shipment_state=purchase["shipment_state"],
        total=_decimal(purchase["total_amount"]),
        shipments=_states(shipments),
        received=sum(each["quantity"] for each in away),
        awaited=sum(each["quantity"] for each in due),
        bills=tuple(
            _billed(clerk, each) for each in clerk.found("account.invoice", fields, ["id", "in", purchase["invoices"]])
        ),
    )


def _billed(clerk: Clerk, invoice: dict[str, Any]) -> Billed:
    lines = clerk.found("account.invoice.line", ["quantity", "unit_price"], ["id", "in", invoice["lines"]])
    taxes = clerk.found("account.invoice.tax", ["amount"], ["id", "in", invoice["taxes"]])
    return Billed(
        state=invoice["state"],
        reference=invoice["reference"],
        lines=tuple((each["quantity"], _decimal(each["unit_price"])) for each in lines),
        tax=_decimal(invoice["tax_amount"]),
        total=_decimal(invoice["total_amount"]),
        taxes=tuple(sorted((_decimal(each["amount"]) for each in taxes), reverse=True)),
    )


def _came_back(clerk: Clerk, sale: dict[str, Any]) -> CameBack:
    back = ["id", "in", sale["shipment_returns"]]
    shipments = clerk.found("stock.shipment.out.return", ["state"], back)
    notes = clerk.found("account.invoice", ["state", "total_amount"], ["id", "in", sale["invoices"]])
    shipped = [f"stock.shipment.out.return,{each['id']}" for each in shipments]
    moves = ["from_location.type", "=", "customer"], ["state", "=", "done"], ["shipment", "in", shipped]
    return CameBack(
        reference=sale["reference"],
        total=_decimal(sale["total_amount"]),
        shipments=_states(shipments),
        credit_notes=_states(notes),
        credited=-sum((_decimal(each["total_amount"]) for each in notes), Decimal(0)),
        pieces=sum(int(each["quantity"]) for each in clerk.found("stock.move", ["quantity"], *moves)),
    )


def _sale(clerk: Clerk, sale: dict[str, Any]) -> Sale:
    shipments = clerk.found("stock.shipment.out", ["state"], ["id", "in", sale["shipments"]])
    invoices = clerk.found("account.invoice", ["state", "total_amount"], ["id", "in", sale["invoices"]])
    return Sale(
        number=sale["number"] or "",
        state=sale["state"],
        reference=sale["reference"],
        total=_decimal(sale["total_amount"]),
        shipments=_states(shipments),
        invoices=_states(invoices),
        comment=sale["comment"],
        invoiced=sum((_decimal(each["total_amount"]) for each in invoices), Decimal(0)),
    )


def _states(records: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(each["state"] for each in records)


def _decimal(value: dict[str, str]) -> Decimal:
    return Decimal(value["decimal"])
