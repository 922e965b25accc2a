"""What is bought where ports are put to the proof: lamps at 4.00 and a mug at 1.50, and what is said of them later."""

from datetime import UTC, date, datetime

from gateway.domain.money import Money
from gateway.domain.procurement import Bill, BillLine, GoodsLine, GoodsReceipt, Purchase
from gateway.domain.purchase_orders import PurchaseLine
from gateway.ports import BackEnds
from gateway.purchasing_ports import Purchasing

PO, SUPPLIER = "PO-2001", "S-4711"
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


def purchasing_of(back_ends: BackEnds) -> Purchasing:
    assert back_ends.purchasing is not None
    return back_ends.purchasing


def purchase(*, sku: str = "LAMP-7", quantity: int = 9, supplier_code: str = SUPPLIER) -> Purchase:
    lamps = PurchaseLine("1", sku, quantity, 4_00, "2030-05-01")
    return Purchase(
        po_id="po_1",
        po_number=PO,
        revision=1,
        supplier_id="sup_1",
        supplier_code=supplier_code,
        currency="EUR",
        lines=(lamps, PurchaseLine("2", "MUG-RED", 1, 1_50, "2030-05-01")) if sku == "LAMP-7" else (lamps,),
    )


def receipt(
    purchase: str, *lines: GoodsLine, accepted: int = 9, sku: str = "LAMP-7", number: str = "R-1"
) -> GoodsReceipt:
    """Of the lamps, unless lines are named."""
    return GoodsReceipt(
        receipt_id="rcp_1",
        receipt_number=number,
        po_number=PO,
        purchase=purchase,
        node_id="main",
        received_at=NOON,
        lines=lines or (GoodsLine("1", sku, accepted),),
    )


def bill(purchase: str, *, quantity: int = 9, sku: str = "LAMP-7", number: str = "INV-77", freight: int = 0) -> Bill:
    goods = 4_00 * quantity
    tax = goods // 5
    return Bill(
        invoice_id="sin_1",
        invoice_number=number,
        po_number=PO,
        purchase=purchase,
        supplier_code=SUPPLIER,
        dated=date(2030, 5, 2),
        lines=(BillLine("1", sku, quantity, 4_00, Money(goods, "EUR")),),
        charges=(("freight", Money(freight, "EUR")),) if freight else (),
        tax=Money(tax, "EUR"),
        total=Money(goods + freight + tax, "EUR"),
    )
