"""What came and what is due stands in the ERP once, on the purchase that is in force there."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.governance.bundle import Bundle
from gateway.workflows.place_order import sagas
from tests.journeys.buying import SUPPLIER, Buying
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP
from tests.resources.billed import Payers, billed_line
from tests.resources.followed import told

REFUSED = ("suppliers/not_posted", "refused_after_pivot")
BY_HAND = ("suppliers/post_by_hand", "refused_after_pivot")


@pytest.fixture
async def buying(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Buying]:
    async with open_shop(database_url, tmp_path, promises, suppliers=True) as shop:
        yield await Buying.begin(shop)


async def ordered(buying: Buying, quantity: int = 10) -> str:
    po_id = await buying.issued(quantity=quantity)
    await buying.confirm(po_id)
    return po_id


async def received(buying: Buying, po_id: str, many: int, damaged: int = 0) -> None:
    await Payers(buying.dora).receive(po_id, many, damaged)


async def billed(buying: Buying, po_id: str, number: str, quantity: int, price: int = 450) -> str:
    answer = await Payers(buying.works).bill(po_id, number, billed_line(quantity, price, sku=LAMP))
    assert answer.status_code == 201, answer.text
    invoice_id: str = answer.json()["invoice_id"]
    return invoice_id


async def until_status(buying: Buying, invoice_id: str, status: str) -> None:
    seen = Payers(buying.works)

    async def so() -> bool:
        return (await seen.see(f"/{invoice_id}"))["status"] == status

    await buying.until(so, lambda: seen.see(f"/{invoice_id}"))


async def booked(buying: Buying, po_id: str, kind: str) -> list[dict[str, Any]]:
    return [each for each in await buying.shop.ledger("erp", po_id) if each["kind"] == kind]


async def until_booked(buying: Buying, po_id: str, kind: str, count: int) -> None:
    async def so() -> bool:
        return len(await booked(buying, po_id, kind)) == count

    await buying.until(so, lambda: buying.effects(po_id))


async def test_what_came_and_what_is_due_is_posted_once_on_its_purchase(buying: Buying) -> None:
    po_id = await ordered(buying)
    await received(buying, po_id, 10, damaged=2)
    invoice_id = await billed(buying, po_id, "R-1", 8)

    await until_status(buying, invoice_id, "posted")
    await until_booked(buying, po_id, "goods_receipt", 1)

    [purchase], [receipt] = await booked(buying, po_id, "purchase_order"), await booked(buying, po_id, "goods_receipt")
    [bill] = await booked(buying, po_id, "bill")
    assert receipt["lines"] == [{"line_id": "1", "sku": LAMP, "accepted": 8, "damaged": 2}]
    assert bill["amount"] == {"amount": 36_00, "currency": "GBP"}
    assert receipt["data"]["purchase"] == bill["data"]["purchase"] == purchase["id"]
    assert await buying.exceptions() == []
    of_it = [(kind, data["status"]) for about, kind, data in await told(buying.works) if about == invoice_id]
    assert of_it == [("received", "approved"), ("posted", "posted")]


@pytest.mark.parametrize("operation", ["create_goods_receipt", "create_supplier_bill"])
async def test_an_answer_that_was_lost_posts_nothing_twice(buying: Buying, operation: str) -> None:
    await buying.shop.fault("erp", operation, "error_after")
    po_id = await ordered(buying)

    await received(buying, po_id, 10)
    invoice_id = await billed(buying, po_id, "R-1", 10)
    await until_status(buying, invoice_id, "posted")
    await until_booked(buying, po_id, "goods_receipt", 1)

    assert len(await booked(buying, po_id, "bill")) == 1


async def test_what_comes_in_two_lots_is_received_and_billed_in_two(buying: Buying) -> None:
    po_id = await ordered(buying)
    for number, many in (("R-1", 6), ("R-2", 4)):
        await received(buying, po_id, many)
        await until_status(buying, await billed(buying, po_id, number, many), "posted")

    await until_booked(buying, po_id, "goods_receipt", 2)

    assert [bill["amount"]["amount"] for bill in await booked(buying, po_id, "bill")] == [27_00, 18_00]


async def test_what_the_supplier_changed_is_received_on_the_purchase_that_is_in_force(buying: Buying) -> None:
    po_id = await buying.issued(quantity=100)
    await buying.until_effects(po_id, erp=["purchase_order"], supplier=["message"])
    await buying.confirm(po_id, {"line_id": "1", "status": "changed", "quantity": 99})

    await received(buying, po_id, 99)
    await until_booked(buying, po_id, "goods_receipt", 1)

    first, second = await booked(buying, po_id, "purchase_order")
    [receipt] = await booked(buying, po_id, "goods_receipt")
    assert first["id"] != receipt["data"]["purchase"] == second["id"]


async def test_a_bill_that_the_erp_has_already_waits_for_accounts_payable(buying: Buying) -> None:
    """Somebody has typed it in."""
    po_id = await ordered(buying)
    await received(buying, po_id, 10)
    await until_booked(buying, po_id, "goods_receipt", 1)
    [purchase] = await booked(buying, po_id, "purchase_order")
    by_hand = await buying.shop.sandbox.post("/erp/supplier-bills", json=typed(purchase["id"], "R-1", 10))
    assert by_hand.status_code == 201, by_hand.text

    invoice_id = await billed(buying, po_id, "R-1", 10)
    await buying.until_exceptions(REFUSED)
    [(owner, evidence)] = await buying.rows("select owner, evidence from exception where state = 'open'")
    await buying.mend("resolve", by=buying.paul, **{"as": "succeeded", "reference": by_hand.json()["id"]})
    await until_status(buying, invoice_id, "posted")

    assert (owner, evidence["reason"], evidence["po_id"]) == ("accounts_payable", "duplicate_invoice", po_id)
    assert len(await booked(buying, po_id, "bill")) == 1


async def test_an_invoice_whose_posting_was_given_up_can_be_rejected(buying: Buying) -> None:
    po_id = await ordered(buying)
    await received(buying, po_id, 10)
    await until_booked(buying, po_id, "goods_receipt", 1)
    [purchase] = await booked(buying, po_id, "purchase_order")
    await buying.shop.sandbox.post("/erp/supplier-bills", json=typed(purchase["id"], "R-1", 10))
    invoice_id, desk = await billed(buying, po_id, "R-1", 10), Payers(buying.paul)
    await buying.until_exceptions(REFUSED)

    early = await desk.do(invoice_id, "reject")
    await buying.mend("abandon", by=buying.paul)
    given_up = await desk.see(f"/{invoice_id}")
    rejected = await desk.do(invoice_id, "reject")
    again = await billed(buying, po_id, "B-17", 10)

    assert (early.status_code, given_up["status"], given_up["allowed_actions"]) == (409, "approved", ["reject"])
    assert rejected.json()["status"] == "rejected"
    await until_status(buying, again, "posted")


def typed(purchase: str, number: str, quantity: int) -> dict[str, Any]:
    amount = {"amount": quantity * 450, "currency": "GBP"}
    line = {"line_id": "1", "sku": LAMP, "quantity": quantity, "unit_price": 450, "amount": quantity * 450}
    return {
        **{"reference": "typed in", "invoice_id": "by hand", "invoice_number": number, "purchase": purchase},
        **{"po_number": "PO-1", "supplier_code": SUPPLIER, "dated": "2026-12-12"},
        **{"lines": [line], "charges": [], "tax": 0, "total": amount},
    }


async def test_a_closed_period_is_opened_and_the_bill_tried_again(buying: Buying) -> None:
    po_id = await ordered(buying)
    await received(buying, po_id, 10)
    await until_booked(buying, po_id, "goods_receipt", 1)
    await buying.shop.sandbox.post("/erp/_period", json={"closed": True})
    invoice_id = await billed(buying, po_id, "R-1", 10)
    await buying.until_exceptions(REFUSED)

    await buying.shop.sandbox.post("/erp/_period", json={"closed": False})
    await buying.mend("retry", by=buying.paul)
    await until_status(buying, invoice_id, "posted")

    assert len(await booked(buying, po_id, "bill")) == 1


async def test_where_no_erp_books_purchases_a_person_books_what_came_and_what_is_due(buying: Buying) -> None:
    shop = buying.shop
    await shop.stop_workers()
    shop.start_worker(sagas(replace(shop.terms, books_purchases=False)))
    po_id = await ordered(buying)
    await buying.until_purchases(po_id, "confirmed")
    await buying.mend("resolve")

    await received(buying, po_id, 10)
    await buying.until_exceptions(BY_HAND)
    [(receipt_id, evidence)] = await buying.rows("select subject, evidence from exception where state = 'open'")
    await buying.mend("resolve", by=buying.paul, **{"as": "succeeded", "reference": "GRN-1"})
    invoice_id = await billed(buying, po_id, "R-1", 10)
    await buying.until_exceptions(BY_HAND)
    await buying.mend("resolve", by=buying.paul, **{"as": "succeeded", "reference": "BILL-1"})
    await until_status(buying, invoice_id, "posted")

    assert f"with {receipt_id}:receive_goods at the beginning of its reference" in evidence["by_hand"]
    assert (await buying.effects(po_id))["erp"] == []


async def test_what_comes_of_an_order_that_the_erp_was_not_brought_to_book_is_booked_by_a_person(
    buying: Buying,
) -> None:
    po_id = await buying.issued(quantity=100)
    await buying.until_effects(po_id, erp=["purchase_order"], supplier=["message"])
    await buying.shop.fault("erp", "create_purchase_order", "refuse")
    await buying.confirm(po_id, {"line_id": "1", "status": "changed", "quantity": 99})
    await buying.until_exceptions(("suppliers/not_ordered", "refused_after_pivot"))
    await received(buying, po_id, 99)

    await buying.mend("abandon")
    await buying.until_exceptions(BY_HAND)

    assert await buying.purchases(po_id) == ["given_up"]


async def test_an_invoice_that_is_too_dear_is_not_posted(buying: Buying) -> None:
    po_id = await ordered(buying)
    await received(buying, po_id, 10)

    invoice_id = await billed(buying, po_id, "R-1", 10, price=900)
    await until_status(buying, invoice_id, "exception")
    await until_booked(buying, po_id, "goods_receipt", 1)

    assert await booked(buying, po_id, "bill") == []
