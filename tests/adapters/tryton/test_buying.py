"""What is bought, in Tryton's books: ordered, received but for what is damaged, and billed as the supplier billed it."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from adapters.tryton import Roles
from gateway.domain.money import Money
from gateway.domain.procurement import Bill, BillLine, GoodsLine, GoodsReceipt, Purchase
from gateway.domain.purchase_orders import PurchaseLine
from gateway.effects import Effect
from gateway.errors import Failed, Rejected
from gateway.ports import sending
from tests.adapters.ports.ground import soon
from tests.peers.books import Billed, bought
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton

pytestmark = pytest.mark.proof

SUPPLIER = "S-4711"
LAMPS, MUGS = "1", "2"
DEARER = Decimal("4.0760")  # than 4.00, by 1.9 %


@pytest.fixture(autouse=True)
def window() -> Iterator[None]:
    with sending(soon(600)):
        yield


@dataclass(frozen=True, slots=True)
class Buyer:
    """One order's documents, under a number of its own."""

    number: str

    @property
    def order(self) -> Purchase:
        lines = (_line(LAMPS, "LAMP-7", 50, 4_000), _line(MUGS, "MUG-RED", 10, 150))
        return Purchase(
            po_id=f"po_{self.number}",
            po_number=self.number,
            revision=1,
            supplier_id="sup_1",
            supplier_code=SUPPLIER,
            currency="EUR",
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

    def bill(self, purchase: Effect, *, tax: int = 37_18, charges: tuple[tuple[str, Money], ...] = ()) -> Bill:
        """48 lamps at 40.76, which were to cost 40.00."""
        goods = Money(48 * 40_76, "EUR")
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
            tax=Money(tax, "EUR"),
            total=Money(net + tax, "EUR"),
        )


def _line(line_id: str, sku: str, quantity: int, price: int) -> PurchaseLine:
    return PurchaseLine(line_id, sku, quantity, price, (date.today() + timedelta(days=7)).isoformat())


@pytest.fixture
def buyer() -> Buyer:
    return Buyer(f"PO-{uuid4().hex[:12]}")


async def test_one_purchase_runs_through_and_is_posted_as_billed(roles: Roles, clerk: Clerk, buyer: Buyer) -> None:
    erp, number = roles.erp, buyer.number
    ordered = await erp.order_goods(buyer.order, key=f"{number}:order")
    [open_] = bought(clerk, number)
    came = buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 48, damaged=2), GoodsLine(MUGS, "MUG-RED", 0))
    received = await erp.receive_goods(came, key=f"{number}:receipt")
    bill = buyer.bill(ordered, tax=371_73)
    posted = await erp.post_bill(bill, key=f"{number}:bill")

    assert (open_.state, open_.shipment_state, open_.total) == ("processing", "waiting", Decimal("2015.00"))
    [now] = bought(clerk, number)
    assert (now.state, now.shipment_state, now.shipments) == ("processing", "partially shipped", ("done",))
    assert (now.received, now.awaited) == (48, 12)
    [billed] = now.bills
    assert billed == Billed(
        state="posted",
        reference=f"INV-{number}",
        lines=((48, Decimal("40.7600")),),
        tax=Decimal("371.73"),
        total=Decimal("2328.21"),
    )
    assert [each.kind for each in (ordered, received, posted)] == ["purchase_order", "goods_receipt", "bill"]
    for operation, effect in (("order_goods", ordered), ("receive_goods", received), ("post_bill", posted)):
        assert await erp.find(operation, key=effect.key) == [effect]
    assert await erp.order_goods(buyer.order, key=ordered.key) == ordered
    assert await erp.receive_goods(came, key=received.key) == received
    assert await erp.post_bill(bill, key=posted.key) == posted
    assert bought(clerk, number) == [now], "a repetition changes nothing"
