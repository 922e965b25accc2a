"""What is bought, in Tryton's books: ordered, received but for what is damaged, billed as the supplier billed it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from adapters.tryton import Roles
from gateway.domain.money import Money
from gateway.domain.procurement import Bill, BillLine, GoodsLine, Purchase
from gateway.errors import Rejected
from gateway.ports import sending
from tests.adapters.ports.ground import soon
from tests.adapters.tryton.buyer import LAMPS, MUGS, Buyer, line
from tests.peers.books import Billed, bought
from tests.peers.clerk import Clerk

pytestmark = pytest.mark.proof


@pytest.fixture(autouse=True)
def window() -> Iterator[None]:
    with sending(soon(600)):
        yield


@pytest.fixture
def buyer() -> Buyer:
    return Buyer(f"PO-{uuid4().hex[:12]}")


async def test_one_purchase_runs_through_and_is_posted_as_billed(roles: Roles, clerk: Clerk, buyer: Buyer) -> None:
    erp, number = roles.erp, buyer.number
    ordered = await erp.order_goods(buyer.order, key=f"{number}:order")
    [open_] = bought(clerk, number)
    came = buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 48, damaged=2), GoodsLine(MUGS, "MUG-RED", 0))
    received = await erp.receive_goods(came, key=f"{number}:receipt")
    bill = buyer.bill(ordered)
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


async def test_what_is_left_comes_by_a_second_receipt_and_then_the_purchase_is_closed(
    roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    halves = [GoodsLine(LAMPS, "LAMP-7", 20)], [GoodsLine(LAMPS, "LAMP-7", 30), GoodsLine(MUGS, "MUG-RED", 10)]
    for number, lines in enumerate(halves):
        await roles.erp.receive_goods(buyer.receipt(ordered, *lines), key=f"{buyer.number}:{number}")

    with pytest.raises(Rejected) as refusal:
        await roles.erp.receive_goods(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 1)), key=f"{buyer.number}:2")

    [now] = bought(clerk, buyer.number)
    assert refusal.value.facts["code"] == "purchase_closed"
    assert (now.shipment_state, now.shipments, now.received) == ("received", ("done", "done"), 60)


async def test_a_receipt_of_nothing_but_damage_is_in_the_books_and_takes_nothing_in(
    roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    came, key = buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 0, damaged=50)), f"{buyer.number}:1"

    received = await roles.erp.receive_goods(came, key=key)

    assert await roles.erp.receive_goods(came, key=key) == received
    assert await roles.erp.find("receive_goods", key=key) == [received]
    [now] = bought(clerk, buyer.number)
    assert (now.shipment_state, now.received, now.awaited) == ("waiting", 0, 60)


async def test_more_than_was_ordered_is_a_warning_of_tryton_s_and_leaves_everything_awaited(
    roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)

    with pytest.raises(Rejected) as refusal:
        await roles.erp.receive_goods(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 51)), key=f"{buyer.number}:1")
    await roles.erp.receive_goods(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 50)), key=f"{buyer.number}:1")

    [now] = bought(clerk, buyer.number)
    assert refusal.value.facts["code"] == "warning"
    assert (now.received, now.awaited) == (50, 10)


async def test_what_was_bought_besides_takes_nothing_that_is_awaited(roles: Roles, clerk: Clerk, buyer: Buyer) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    besides = replace(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 2)), surplus=True)

    with pytest.raises(Rejected) as refusal:
        await roles.erp.receive_goods(besides, key=f"{buyer.number}:1")

    [now] = bought(clerk, buyer.number)
    assert (refusal.value.facts["code"], now.awaited) == ("purchase_closed", 60)


async def test_a_node_without_a_warehouse_receives_nothing(roles: Roles, buyer: Buyer) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    came = replace(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 50)), node_id="nowhere")

    with pytest.raises(Rejected) as refusal:
        await roles.erp.receive_goods(came, key=f"{buyer.number}:1")

    assert refusal.value.facts["code"] == "unknown_node"


async def test_what_is_cancelled_is_awaited_no_more(roles: Roles, clerk: Clerk, buyer: Buyer) -> None:
    erp, key = roles.erp, f"{buyer.number}:cancel"
    ordered = await erp.order_goods(buyer.order, key="order:" + buyer.number)
    assert await erp.find("cancel_purchase", key=key, subject=ordered.id) == []

    cancelled = await erp.cancel_purchase(ordered.id, key=key)

    assert await erp.cancel_purchase(ordered.id, key=key) == cancelled
    assert await erp.find("cancel_purchase", key=key, subject=ordered.id) == [cancelled]
    [now] = bought(clerk, buyer.number)
    assert (now.state, now.shipment_state, now.awaited) == ("done", "none", 0)
    with pytest.raises(Rejected) as refusal:
        await erp.receive_goods(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 1)), key=f"{buyer.number}:1")
    assert refusal.value.facts["code"] == "purchase_closed"


async def test_what_has_come_is_not_cancelled(roles: Roles, buyer: Buyer) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    await roles.erp.receive_goods(buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 1)), key=f"{buyer.number}:1")

    with pytest.raises(Rejected) as refusal:
        await roles.erp.cancel_purchase(ordered.id, key=f"{buyer.number}:cancel")

    assert refusal.value.facts["code"] == "too_late"


async def test_charges_and_a_cent_of_tax_that_is_rounded_otherwise_are_posted_as_billed(
    roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    freight = (("freight", Money(49_90, "EUR")),)

    await roles.erp.post_bill(buyer.bill(ordered, tax=381_20, charges=freight), key=f"{buyer.number}:bill")

    [billed] = bought(clerk, buyer.number)[0].bills
    assert (billed.tax, billed.total) == (Decimal("381.20"), Decimal("2387.58"))
    assert billed.lines == ((48, Decimal("40.7600")), (1, Decimal("49.9000")))


@pytest.mark.parametrize(
    ("tax", "freight", "taxes"),
    [
        (371_73 + 3_75, 0, ("371.73", "3.75")),
        (371_73 + 3_76, 0, ("371.74", "3.75")),  # the supplier has rounded otherwise
        (371_73 + 3_75 + 12_00, 48_00, ("371.73", "15.75")),  # its freight is taxed like mugs
        (371_73 + 3_75, 49_90, ("371.73", "3.75")),  # not at all
    ],
)
async def test_a_bill_of_two_rates_has_a_tax_line_of_each(
    tax: int, freight: int, taxes: tuple[str, ...], roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    charges = (("freight", Money(freight, "EUR")),) if freight else ()
    plain = buyer.bill(ordered, tax=tax, charges=charges)
    mugs = BillLine(MUGS, "MUG-RED", 10, 1_50, Money(15_00, "EUR"), tax_points=25_00)
    lines = (replace(plain.lines[0], tax_points=19_00), mugs)

    await roles.erp.post_bill(replace(plain, lines=lines, total=plain.total + mugs.amount), key=f"{buyer.number}:bill")

    [billed] = bought(clerk, buyer.number)[0].bills
    assert billed.total == Decimal(48 * 40_76 + 15_00 + freight + tax) / 100
    assert billed.taxes == tuple(map(Decimal, taxes))


async def test_a_bill_in_another_currency_than_the_books_is_posted_as_billed(roles: Roles, clerk: Clerk) -> None:
    buyer = Buyer(f"PO-{uuid4().hex[:12]}", currency="GBP")
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)

    await roles.erp.post_bill(buyer.bill(ordered), key=f"{buyer.number}:bill")

    [billed] = bought(clerk, buyer.number)[0].bills
    assert (billed.state, billed.tax, billed.total) == ("posted", Decimal("371.73"), Decimal("2328.21"))


Spoilt = Callable[[Bill], Bill]


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (lambda bill: replace(bill, tax=Money(200_00, "EUR")), "tax_mismatch"),
        (lambda bill: replace(bill, total=Money(2_329_21, "EUR"), tax=Money(372_73, "EUR")), "tax_mismatch"),
        (lambda bill: replace(bill, charges=(("pallets", Money(1_00, "EUR")),)), "unknown_charge"),
        (lambda bill: replace(bill, purchase="999999"), "purchase_not_found"),
        (lambda bill: replace(bill, purchase="po_1"), "purchase_not_found"),
        (lambda bill: replace(bill, supplier_code="S-4712"), "purchase_not_found"),
        (lambda bill: replace(bill, lines=(replace(bill.lines[0], line_id="9"),)), "purchase_not_found"),
        (lambda bill: replace(bill, dated=date(2020, 1, 31)), "fiscal_period_closed"),
    ],
)
async def test_a_bill_that_tryton_cannot_post_leaves_nothing_there(
    spoilt: Spoilt, code: str, roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)

    with pytest.raises(Rejected) as refusal:
        await roles.erp.post_bill(spoilt(buyer.bill(ordered)), key=f"{buyer.number}:bill")

    assert refusal.value.facts["code"] == code
    assert bought(clerk, buyer.number)[0].bills == ()


async def test_the_same_number_twice_is_a_duplicate(roles: Roles, clerk: Clerk, buyer: Buyer) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    await roles.erp.post_bill(buyer.bill(ordered), key=f"{buyer.number}:bill")

    with pytest.raises(Rejected) as refusal:
        await roles.erp.post_bill(buyer.bill(ordered), key=f"{buyer.number}:again")

    assert refusal.value.facts["code"] == "duplicate_invoice"
    assert len(bought(clerk, buyer.number)[0].bills) == 1


async def test_a_closed_period_is_a_no_until_it_is_open(roles: Roles, clerk: Clerk, buyer: Buyer) -> None:
    ordered = await roles.erp.order_goods(buyer.order, key="order:" + buyer.number)
    clerk.close_period(closed=True)
    with pytest.raises(Rejected) as refusal:
        await roles.erp.post_bill(buyer.bill(ordered), key=f"{buyer.number}:bill")
    clerk.close_period(closed=False)

    await roles.erp.post_bill(buyer.bill(ordered), key=f"{buyer.number}:bill")

    assert refusal.value.facts["code"] == "fiscal_period_closed"
    assert [each.state for each in bought(clerk, buyer.number)[0].bills] == ["posted"]


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (lambda order: replace(order, supplier_code="S-0000"), "unknown_supplier"),
        (lambda order: replace(order, currency="SEK"), "unknown_currency"),
        (lambda order: replace(order, lines=(line(LAMPS, "LAMP-0", 1, 1_00),)), "unknown_sku"),
    ],
)
async def test_what_tryton_has_no_word_for_is_not_ordered(
    spoilt: Callable[[Purchase], Purchase], code: str, roles: Roles, clerk: Clerk, buyer: Buyer
) -> None:
    with pytest.raises(Rejected) as refusal:
        await roles.erp.order_goods(spoilt(buyer.order), key=buyer.number)

    assert refusal.value.facts["code"] == code
    assert bought(clerk, buyer.number) == []
