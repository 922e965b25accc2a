"""An order that was agreed to and is ended is taken back everywhere, once, or closed at what came of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
from gateway.workflows.place_order import sagas
from tests.journeys.buying import AS_ORDERED, Buying
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP
from tests.resources.billed import Payers, billed_line, later

ORDERED, SENT = ["purchase_order"], ["message"]
REVERSED, WITHDRAWN = [*ORDERED, "purchase_cancel"], [*SENT, "withdrawal"]
TOO_LATE = ("suppliers/too_late", "refused_after_pivot")
CLOSED_BY_HAND = ("suppliers/order_by_hand", "purchase_closed")


@pytest.fixture
async def buying(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Buying]:
    async with open_shop(database_url, tmp_path, promises, suppliers=True) as shop:
        yield await Buying.begin(shop)


async def agreed(buying: Buying, *lines: dict[str, object], quantity: int = 10) -> str:
    """Carried out to its end."""
    po_id = await buying.issued(quantity=quantity)
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    await buying.confirm(po_id, *(lines or (AS_ORDERED,)))
    await buying.until_purchases(po_id, "confirmed")
    return po_id


async def received(buying: Buying, po_id: str, many: int) -> None:
    await Payers(buying.dora).receive(po_id, many)


async def status(buying: Buying, po_id: str) -> str:
    seen: str = (await buying.bob.see(f"/{po_id}")).json()["status"]
    return seen


async def test_what_never_comes_is_withdrawn_and_reversed(buying: Buying) -> None:
    po_id = await agreed(buying)

    await buying.cancel(po_id)
    await buying.until_purchases(po_id, "taken_back")

    assert await buying.effects(po_id) == {"erp": REVERSED, "supplier": WITHDRAWN}
    assert (await status(buying, po_id), await buying.exceptions()) == ("cancelled", [])


@pytest.mark.parametrize(("system", "operation"), [("erp", "cancel_purchase_order"), ("supplier", "withdraw_message")])
async def test_an_answer_that_was_lost_takes_nothing_back_twice(buying: Buying, system: str, operation: str) -> None:
    po_id = await agreed(buying)
    await buying.shop.fault(system, operation, "error_after")

    await buying.cancel(po_id)
    await buying.until_purchases(po_id, "taken_back")

    assert await buying.effects(po_id) == {"erp": REVERSED, "supplier": WITHDRAWN}


async def test_of_what_the_supplier_changed_the_purchase_in_force_is_reversed(buying: Buying) -> None:
    po_id = await agreed(buying, {"line_id": "1", "status": "changed", "quantity": 99}, quantity=100)

    await buying.cancel(po_id)
    await buying.until_purchases(po_id, "taken_back")

    assert await buying.effects(po_id) == {"erp": [*REVERSED, *REVERSED], "supplier": WITHDRAWN}


async def test_where_something_came_a_person_closes_the_rest(buying: Buying) -> None:
    po_id = await agreed(buying)
    await received(buying, po_id, 6)

    await buying.cancel(po_id)
    await buying.until_exceptions(CLOSED_BY_HAND)
    [(evidence,)] = await buying.rows("select evidence from exception where state = 'open'")
    await buying.mend("resolve")
    billed = await Payers(buying.works).bill(po_id, "R-1", billed_line(6, 450, sku=LAMP))
    await buying.until_effects(po_id, erp=[*ORDERED, "goods_receipt", "bill"], supplier=SENT)

    assert (await status(buying, po_id), await buying.purchases(po_id)) == ("closed", ["confirmed"])
    assert (billed.json()["status"], evidence["po_id"], evidence["lines"][0]["quantity"]) == ("approved", po_id, 10)


async def test_what_has_left_the_works_is_settled_by_a_person(buying: Buying) -> None:
    po_id = await agreed(buying)
    [sent] = await buying.shop.ledger("supplier", po_id)
    answer = await buying.shop.sandbox.post("/supplier/_ship", json={"message_id": sent["id"]})
    assert answer.is_success, answer.text

    await buying.cancel(po_id)
    await buying.until_exceptions(TOO_LATE)
    [(evidence, actions)] = await buying.rows("select evidence, actions from exception where state = 'open'")
    await buying.mend("resolve", **{"as": "succeeded", "reference": "by telephone"})
    await buying.until_purchases(po_id, "taken_back")

    assert (evidence["po_id"], evidence["step"], evidence["reason"]) == (po_id, "withdraw_order", "too_late")
    assert actions == ["retry", "resolve", "abandon"]
    assert await buying.effects(po_id) == {"erp": REVERSED, "supplier": [*SENT, "shipped"]}


async def test_what_is_ended_before_anybody_heard_of_the_agreement_is_taken_back_once(buying: Buying) -> None:
    po_id = await buying.issued()
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    await buying.shop.stop_workers()
    await buying.confirm(po_id)
    await buying.cancel(po_id)

    buying.shop.start_worker(sagas(buying.shop.terms))
    await buying.until_purchases(po_id, "taken_back")
    await until_at_rest(buying)

    assert await buying.effects(po_id) == {"erp": REVERSED, "supplier": WITHDRAWN}
    assert await buying.exceptions() == []


async def test_what_is_closed_before_anybody_heard_of_the_agreement_stays_booked(buying: Buying) -> None:
    po_id = await buying.issued(quantity=100)
    await buying.until_effects(po_id, erp=ORDERED, supplier=SENT)
    await buying.shop.stop_workers()
    await buying.confirm(po_id, {"line_id": "1", "status": "changed", "quantity": 99})
    await received(buying, po_id, 6)
    await buying.cancel(po_id)

    buying.shop.start_worker(sagas(buying.shop.terms))
    await buying.until_exceptions(CLOSED_BY_HAND)
    await until_at_rest(buying)

    assert await buying.purchases(po_id) == ["confirmed"]
    assert await buying.effects(po_id) == {"erp": [*REVERSED, *ORDERED, "goods_receipt"], "supplier": SENT}


async def test_what_a_person_has_booked_a_person_reverses(buying: Buying) -> None:
    shop = buying.shop
    await shop.stop_workers()
    shop.start_worker(sagas(replace(shop.terms, books_purchases=False)))
    po_id = await buying.issued()
    await buying.confirm(po_id)
    await buying.until_purchases(po_id, "confirmed")
    await buying.mend("resolve")

    await buying.cancel(po_id)
    await buying.until_exceptions(("suppliers/order_by_hand", "purchase_taken_back"))

    assert await buying.effects(po_id) == {"erp": [], "supplier": WITHDRAWN}


async def test_a_bill_that_is_let_pass_after_the_end_finds_no_purchase(buying: Buying) -> None:
    po_id, desk = await agreed(buying), Payers(buying.paul)
    billed = await Payers(buying.works).bill(po_id, "R-1", billed_line(1, 450, sku=LAMP))
    await buying.cancel(po_id)
    await buying.until_purchases(po_id, "taken_back")

    passed = await desk.do(billed.json()["invoice_id"], "approve")
    await buying.until_exceptions(("suppliers/post_by_hand", "refused_after_pivot"))

    assert passed.json()["status"] == "approved"


async def until_at_rest(buying: Buying) -> None:
    under_way = "select run_id, saga, state from run where state <> 'ended'"

    async def so() -> bool:
        return await buying.rows(under_way) == []

    await buying.until(so, lambda: buying.rows(under_way))


async def test_a_worker_ends_the_grace_of_each_invoice_for_itself(buying: Buying) -> None:
    """One of them cannot be read."""
    works, desk = Payers(buying.works), Payers(buying.paul)
    orders = [await buying.issued(f"PO-{number}") for number in (1, 2)]
    broken, sound = [
        (await works.bill(po_id, number, billed_line(10, 450, sku=LAMP))).json()["invoice_id"]
        for po_id, number in zip(orders, ("A-1", "B-22222"), strict=True)
    ]
    await later(buying.shop.gate.database, days=5)
    await buying.rows("update supplier_invoice set lines = '[{}]' where invoice_id = %s returning 1", broken)

    await buying.until_exceptions(("suppliers/invoice_variance", "invoice_variance"))

    [(state, paused)] = await buying.rows(
        "select state, paused_until > now() from supplier_invoice where invoice_id = %s", broken
    )
    assert (state, paused, (await desk.see(f"/{sound}"))["status"]) == ("waiting", True, "exception")
