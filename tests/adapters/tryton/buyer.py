"""The documents of one purchase: fifty lamps and ten mugs are ordered, of which some come and are billed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.domain.money import Money
from gateway.domain.procurement import Bill, BillLine, GoodsLine, GoodsReceipt, Purchase
from gateway.domain.purchase_orders import PurchaseLine
from gateway.effects import Effect

SUPPLIER = "S-4711"
LAMPS, MUGS = "1", "2"


@dataclass(frozen=True, slots=True)
class Buyer:
    """One order's documents, under a number of its own."""

    number: str
    currency: str = "EUR"

    @property
    def order(self) -> Purchase:
        lines = (line(LAMPS, "LAMP-7", 50, 40_00), line(MUGS, "MUG-RED", 10, 1_50))
        return Purchase(
            po_id=f"po_{self.number}",
            po_number=self.number,
            revision=1,
            supplier_id="sup_1",
            supplier_code=SUPPLIER,
            currency=self.currency,
            lines=lines,
        )

    def receipt(self, purchase: Effect, *lines: GoodsLine, number: str = "1") -> GoodsReceipt:
        return GoodsReceipt(
            receipt_id=f"rcp_{number}",
            receipt_number=f"GR-{number}",
            po_number=self.number,
            purchase=purchase.id,
            node_id="main",
            received_at=datetime.now(UTC),
            lines=lines,
        )

    def bill(self, purchase: Effect, *, tax: int = 371_73, charges: tuple[tuple[str, Money], ...] = ()) -> Bill:
        """48 lamps at 40.76, which were to cost 40.00."""
        goods = Money(48 * 40_76, self.currency)
        net = goods.amount + sum(amount.amount for _, amount in charges)
        return Bill(
            invoice_id=f"sin_{self.number}",
            invoice_number=f"INV-{self.number}",
            po_number=self.number,
            purchase=purchase.id,
            supplier_code=SUPPLIER,
            dated=datetime.now(UTC).date(),
            lines=(BillLine(LAMPS, "LAMP-7", 48, 40_76, goods),),
            charges=charges,
            tax=Money(tax, self.currency),
            total=Money(net + tax, self.currency),
        )


def line(line_id: str, sku: str, quantity: int, price: int) -> PurchaseLine:
    return PurchaseLine(line_id, sku, quantity, price, (datetime.now(UTC) + timedelta(days=7)).date().isoformat())
