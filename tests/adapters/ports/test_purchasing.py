"""`Purchasing`, whoever provides it: what it books of buying, and what it refuses to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.money import Money
from gateway.domain.procurement import GoodsLine, Purchase
from gateway.errors import Failed, Rejected
from gateway.ports import Effect
from gateway.purchasing_ports import Purchasing
from tests.adapters.ports.buying import PO, bill, purchase, purchasing_of, receipt
from tests.adapters.ports.ground import Ground, over_the_network


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    """The REST dialect. Tryton's books are of another shape: tests/adapters/tryton/test_buying.py asks after them."""
    async with over_the_network(tmp_path) as reached:
        yield reached


@pytest.fixture
def buying(ground: Ground) -> Purchasing:
    return purchasing_of(ground.back_ends)


async def code_of(asked: Awaitable[Effect]) -> object:
    with pytest.raises(Rejected) as refusal:
        await asked
    return refusal.value.facts["code"]


async def test_what_is_bought_is_booked_line_by_line(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")

    [booked] = await ground.purchases(PO)
    assert (booked["id"], booked["status"], booked["total"]) == (
        ordered.id,
        "open",
        {"amount": 37_50, "currency": "EUR"},
    )
    assert [(each["sku"], each["ordered"], each["received"], each["billed"]) for each in booked["lines"]] == [
        ("LAMP-7", 9, 0, 0),
        ("MUG-RED", 1, 0, 0),
    ]
    assert ordered.facts == {"number": booked["number"], "status": "open"}


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (purchase(sku="NOTHING-LIKE-IT"), "unknown_sku"),
        (purchase(supplier_code="UNKNOWN"), "unknown_supplier"),
    ],
    ids=["goods", "supplier"],
)
async def test_whom_or_what_it_does_not_know_it_does_not_order(
    ground: Ground, buying: Purchasing, order: Purchase, code: str
) -> None:
    assert await code_of(buying.order_goods(order, key="order")) == code

    assert await ground.purchases(PO) == []


async def test_goods_come_in_parts_until_nothing_is_awaited(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")

    first = receipt(ordered.id, GoodsLine("1", "LAMP-7", 7, damaged=2), GoodsLine("2", "MUG-RED", 1))
    posted = await buying.receive_goods(first, key="first")
    await buying.receive_goods(receipt(ordered.id, accepted=2, number="R-2"), key="second")

    [booked] = await ground.purchases(PO)
    assert [(each["received"], each["damaged"]) for each in booked["lines"]] == [(11, 2), (1, 0)]
    assert booked["status"] == "closed"
    assert posted.facts["status"] == "posted"
    assert await code_of(buying.receive_goods(receipt(ordered.id, number="R-3"), key="third")) == "purchase_closed"


async def test_what_is_bought_besides_comes_though_nothing_is_awaited(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    await buying.receive_goods(
        receipt(ordered.id, GoodsLine("1", "LAMP-7", 9), GoodsLine("2", "MUG-RED", 1)), key="all"
    )
    besides = replace(receipt(ordered.id, accepted=3), surplus=True)

    posted = await buying.receive_goods(besides, key="besides")

    [booked] = await ground.purchases(PO)
    assert posted.facts["status"] == "posted"
    assert [(each["received"], each["damaged"]) for each in booked["lines"]] == [(12, 0), (1, 0)]


async def test_what_is_bought_besides_leaves_what_is_awaited(ground: Ground, buying: Purchasing) -> None:
    """It may be posted before what came with it."""
    ordered = await buying.order_goods(purchase(), key="order")

    await buying.receive_goods(replace(receipt(ordered.id, accepted=3), surplus=True), key="besides")
    await buying.receive_goods(receipt(ordered.id), key="first")

    [booked] = await ground.purchases(PO)
    assert booked["lines"][0]["received"] == 12


async def test_a_bill_is_posted_with_its_charges_and_tax(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    await buying.receive_goods(receipt(ordered.id), key="receive")

    posted = await buying.post_bill(bill(ordered.id, freight=5_00), key="bill")

    [effect] = await ground.effects("erp", kind="bill")
    assert (effect["id"], effect["amount"]) == (posted.id, {"amount": 48_20, "currency": "EUR"})
    assert posted.facts == {"number": effect["data"]["number"], "status": "posted"}
    assert (await ground.purchases(PO))[0]["lines"][0]["billed"] == 9
    assert (await ground.books("erp"))["billed"] == {"EUR": 48_20}


async def test_a_bill_of_one_number_and_supplier_is_posted_once(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    await buying.post_bill(bill(ordered.id), key="bill")

    again = replace(bill(ordered.id, quantity=1), invoice_id="sin_2")

    assert await code_of(buying.post_bill(again, key="another")) == "duplicate_invoice"
    await buying.post_bill(replace(again, supplier_code="S-4712"), key="of another supplier")
    assert len(await ground.effects("erp", kind="bill")) == 2


async def test_a_closed_period_is_a_no_until_it_is_open(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    await ground.close_period(closed=True)
    refused = await code_of(buying.post_bill(bill(ordered.id), key="bill"))
    await ground.close_period(closed=False)

    await buying.post_bill(bill(ordered.id), key="bill")

    assert refused == "fiscal_period_closed"
    assert len(await ground.effects("erp", kind="bill")) == 1


async def test_what_was_cancelled_takes_neither_goods_nor_bills(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    await buying.cancel_purchase(ordered.id, key="cancel")

    again = await buying.cancel_purchase(ordered.id, key="cancel again")

    assert again.id == ordered.id
    assert len(await ground.effects("erp", kind="purchase_cancel")) == 1
    assert await code_of(buying.receive_goods(receipt(ordered.id), key="receive")) == "purchase_closed"
    assert await code_of(buying.post_bill(bill(ordered.id), key="bill")) == "purchase_not_found"


async def test_it_is_too_late_to_cancel_once_goods_came(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    await buying.receive_goods(receipt(ordered.id, accepted=1), key="receive")

    assert await code_of(buying.cancel_purchase(ordered.id, key="cancel")) == "too_late"

    assert await ground.effects("erp", kind="purchase_cancel") == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda port: port.receive_goods(receipt("pur_never"), key="receive"),
        lambda port: port.post_bill(bill("pur_never"), key="bill"),
    ],
    ids=["goods", "bill"],
)
async def test_what_was_never_ordered_takes_neither(
    ground: Ground, buying: Purchasing, ask: Callable[[Purchasing], Awaitable[Effect]]
) -> None:
    assert await code_of(ask(buying)) == "purchase_not_found"

    with pytest.raises((Failed, Rejected)):
        await buying.cancel_purchase("pur_never", key="cancel")
    assert await ground.effects("erp") == []


async def test_a_bill_of_charges_alone_and_of_what_nobody_ordered_is_posted(ground: Ground, buying: Purchasing) -> None:
    ordered = await buying.order_goods(purchase(), key="order")
    lamps = bill(ordered.id)
    freight = replace(lamps, lines=(), charges=(("freight", Money(5_00, "EUR")),), tax=Money(0, "EUR"))
    strange = replace(lamps, lines=(replace(lamps.lines[0], line_id=""),), invoice_number="INV-78")

    await buying.post_bill(replace(freight, total=Money(5_00, "EUR")), key="freight")
    await buying.post_bill(strange, key="strange")

    assert [each["amount"]["amount"] for each in await ground.effects("erp", kind="bill")] == [5_00, 43_20]
    assert (await ground.purchases(PO))[0]["lines"][0]["billed"] == 0
