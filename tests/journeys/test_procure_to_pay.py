"""What is issued stands in the ERP once and reaches its supplier once, whoever does not answer is asked, and what is
taken back is taken back everywhere."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
from gateway.workflows.place_order import sagas
from tests.journeys.buying import AS_ORDERED, Buying
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop

ORDERED, SENT = ["purchase_order"], ["message"]
REVERSED, WITHDRAWN = [*ORDERED, "purchase_cancel"], [*SENT, "withdrawal"]
UNANSWERED = ("suppliers/not_confirmed", "not_confirmed")


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path, promises, suppliers=True) as opened:
        yield opened


@pytest.fixture
async def buying(shop: Shop) -> Buying:
    return await Buying.begin(shop)


async def test_an_issued_order_is_booked_once_and_sent_once_and_ends_with_its_confirmation(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)

    await buying.confirm(po_id)
    await buying.until_purchases(po_id, "confirmed")

    [booked] = await buying.shop.ledger("erp", po_id)
    assert booked["amount"] == {"amount": 45_00, "currency": "GBP"}
    assert await buying.effects(po_id) == {"erp": ORDERED, "supplier": SENT}
    assert await buying.exceptions() == []


@pytest.mark.parametrize("operation", ["create_purchase_order", "take_message"])
async def test_an_answer_that_was_lost_orders_nothing_twice(buying: Buying, operation: str) -> None:
    system = "supplier" if operation == "take_message" else "erp"
    await buying.shop.fault(system, operation, "error_after")

    po_id = await buying.issued()
    await buying.confirm(po_id)
    await buying.until_purchases(po_id, "confirmed")

    assert await buying.effects(po_id) == {"erp": ORDERED, "supplier": SENT}


async def test_who_does_not_answer_is_reminded_once_and_then_a_buyer_is_told_once(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)

    await buying.hours_pass(po_id, 25)
    await buying.until_effects(po_id, erp=ORDERED, supplier=[*SENT, "reminder"])
    early = await buying.exceptions()
    await buying.hours_pass(po_id, 12)
    await buying.until_exceptions(UNANSWERED)
    await buying.mend("resolve")
    await buying.hours_pass(po_id, 48)
    await buying.hours_pass(po_id, 48)

    assert (early, await buying.exceptions()) == ([], [])
    assert (await buying.effects(po_id))["supplier"] == [*SENT, "reminder"]


async def test_who_is_silent_again_after_a_refused_proposal_is_told_of_again(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    await buying.hours_pass(po_id, 37)
    await buying.until_exceptions(UNANSWERED)

    said = await buying.confirm(po_id, {"line_id": "1", "status": "changed", "quantity": 5})
    assert (await buying.bob.settle(po_id, said["confirmation_id"], "refuse")).is_success
    await buying.until_exceptions()
    await buying.hours_pass(po_id, 37)
    await buying.until_exceptions(UNANSWERED)


async def test_a_late_answer_closes_what_was_asked_of_the_buyer(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    await buying.hours_pass(po_id, 37)
    await buying.until_exceptions(UNANSWERED)

    await buying.confirm(po_id)
    await buying.until_purchases(po_id, "confirmed")

    assert await buying.exceptions() == []


async def test_a_cancelled_order_is_withdrawn_and_reversed(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)

    await buying.cancel(po_id)
    await buying.until_purchases(po_id, "taken_back")

    assert await buying.effects(po_id) == {"erp": REVERSED, "supplier": WITHDRAWN}


async def test_an_order_that_its_supplier_declined_stays_booked_until_it_is_cancelled(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    await buying.confirm(po_id, {"line_id": "1", "status": "rejected"})
    declined = await buying.purchases(po_id)

    await buying.cancel(po_id)
    await buying.until_purchases(po_id, "taken_back")

    assert declined == ["open"]
    assert await buying.effects(po_id) == {"erp": REVERSED, "supplier": WITHDRAWN}


async def test_a_later_revision_takes_the_place_of_the_one_before(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)

    await buying.revise(po_id, 12)
    await buying.issue(po_id)
    await buying.confirm(po_id, revision=2)
    await buying.until_purchases(po_id, "taken_back", "confirmed")

    assert await buying.effects(po_id) == {"erp": [*REVERSED, *ORDERED], "supplier": [*WITHDRAWN, *SENT]}
    assert [each["data"]["revision"] for each in await buying.shop.ledger("supplier", po_id) if each["data"]] == [1, 2]


async def test_what_a_supplier_changed_and_was_taken_is_what_the_erp_has(buying: Buying) -> None:
    po_id = await buying.issued(quantity=100)
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)

    told = await buying.confirm(po_id, {"line_id": "1", "status": "changed", "quantity": 99})
    await buying.until_purchases(po_id, "confirmed")

    booked = [each for each in await buying.shop.ledger("erp", po_id) if each["kind"] == "purchase_order"]
    assert told["outcome"] == "confirmed"
    assert [each["amount"]["amount"] for each in booked] == [450_00, 445_50]
    assert await buying.effects(po_id) == {"erp": [*REVERSED, *ORDERED], "supplier": SENT}


async def test_what_the_erp_refuses_is_sent_to_nobody_until_somebody_has_mended_it(buying: Buying) -> None:
    await buying.shop.fault("erp", "create_purchase_order", "refuse")
    po_id = await buying.issued()
    await buying.until_exceptions(("suppliers/not_ordered", "refused"))
    before = await buying.effects(po_id)

    await buying.mend("retry")
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)

    [(evidence,)] = await buying.rows("select evidence from exception where class = 'suppliers/not_ordered'")
    assert before == {"erp": [], "supplier": []}
    assert (evidence["po_id"], evidence["step"]) == (po_id, "order_goods")


async def test_goods_that_have_left_are_taken_back_by_a_person(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    [sent] = await buying.shop.ledger("supplier", po_id)
    answer = await buying.shop.sandbox.post("/supplier/_ship", json={"message_id": sent["id"]})
    assert answer.is_success, answer.text

    await buying.cancel(po_id)
    await buying.until_exceptions(("suppliers/too_late", "undo_refused"))
    await buying.mend("resolve", **{"as": "succeeded", "reference": "by telephone"})
    await buying.until_purchases(po_id, "taken_back")

    assert (await buying.effects(po_id))["erp"] == REVERSED


async def test_where_no_erp_books_purchases_a_person_does(buying: Buying) -> None:
    shop = buying.shop
    await shop.stop_workers()
    shop.start_worker(sagas(replace(shop.terms, books_purchases=False)))

    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=[], supplier=SENT)
    booked = await buying.exceptions()
    await buying.mend("resolve")
    await buying.cancel(po_id)
    await buying.until_exceptions(("suppliers/order_by_hand", "purchase_taken_back"))

    assert booked == [("suppliers/order_by_hand", "purchases_not_offered")]
    assert (await buying.effects(po_id))["supplier"] == WITHDRAWN


async def test_where_nobody_carries_orders_suppliers_read_them_at_our_door(
    database_url: str, tmp_path: Path, promises: Bundle
) -> None:
    async with open_shop(database_url, tmp_path, promises) as shop:
        buying = await Buying.begin(shop)
        po_id = await buying.issued()
        await buying.until_effects(po_id, erp=ORDERED, supplier=[])
        await buying.hours_pass(po_id, 37)
        await buying.until_exceptions(UNANSWERED)

        await buying.confirm(po_id, AS_ORDERED)
        await buying.until_purchases(po_id, "confirmed")

        assert await buying.effects(po_id) == {"erp": ORDERED, "supplier": []}
