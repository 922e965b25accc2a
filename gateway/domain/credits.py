"""What the ERP is to credit a customer with: the goods that came back, line by line, less what is kept of them."""

from dataclasses import dataclass
from typing import Literal

from gateway.domain.money import Money, zero

FeeKind = Literal["restocking", "return_shipping"]


@dataclass(frozen=True, slots=True)
class CreditLine:
    """Pieces of one line of the sales order, and what they were worth: together, not each."""

    line_id: str
    sku: str
    quantity: int
    net: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Fee:
    """What is kept of the money: positive, and a line of its own in the credit memo."""

    kind: FeeKind
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMemo:
    """One sales order's share of what came back. Amounts are of one currency."""

    order_id: str
    sales_order: str  # the ERP's ids
    invoice: str
    lines: tuple[CreditLine, ...]
    fees: tuple[Fee, ...] = ()
    reason: str  # a code, as of the return's lines: changed_mind
    refund: str | None = None  # the provider's id of the money that was given back; None: the fees left nothing

    @property
    def total(self) -> Money:
        """What is credited: the lines with their tax, less the fees."""
        total = zero(self.lines[0].net.currency)
        for line in self.lines:
            total = total + line.net + line.tax
        for fee in self.fees:
            total = total - fee.amount
        return total
