"""What is said of a purchase to those who book it and to who delivers it: what is ordered, what came, what is due."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.domain.money import Money
from gateway.domain.purchase_orders import PurchaseLine

# The workflows of an issued revision, of one that was agreed to and is ended, of goods that came or are bought besides,
# and of a bill that is due.
PROCURING, ENDING = ("procure_to_pay", 1), ("end_purchase", 1)
RECEIVING, POSTING = ("book_receipt", 1), ("post_invoice", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One revision of a purchase order."""

    po_id: str
    po_number: str  # the retailer's own, which all documents name
    revision: int
    supplier_id: str
    supplier_code: str  # the retailer's own number for the supplier, as in its ERP
    currency: str
    lines: tuple[PurchaseLine, ...]

    @property
    def named(self) -> dict[str, Any]:
        """As an exception about it says which one it is."""
        return {name: getattr(self, name) for name in ("po_id", "po_number", "revision", "supplier_id")}


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """Pieces of one line of the order."""

    line_id: str
    sku: str
    accepted: int
    damaged: int = 0  # came, and goes back


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsReceipt:
    receipt_id: str
    receipt_number: str  # of whoever received
    po_number: str
    purchase: str  # the ERP's id of the order
    node_id: str
    received_at: datetime
    lines: tuple[GoodsLine, ...]
    surplus: bool = False  # bought besides the order: nothing of it need be awaited


@dataclass(frozen=True, slots=True)
class BillLine:
    """*amount* is what the supplier bills for the line, without tax."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int  # minor units
    amount: Money
    tax_points: int = 0  # as was agreed, basis points; 0: nothing was


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A supplier's invoice that was found right, or was approved."""

    invoice_id: str
    invoice_number: str  # as the supplier wrote it
    po_number: str
    purchase: str  # the ERP's id of the order
    supplier_code: str
    dated: date
    lines: tuple[BillLine, ...]
    charges: tuple[tuple[str, Money], ...]  # kind: freight, fuel, handling; and how much
    tax: Money
    total: Money
