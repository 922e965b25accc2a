"""What a machine must not guess waits for a person, with everything needed to decide; and every word is kept."""

import pytest

from gateway.refusals import Conflict, Invalid, NotFound
from gateway.store import runs
from tests.journeys.shop import Shop, order


async def booked_twice(shop: Shop) -> str:
    """An order whose sales order stands twice in the ERP under one reference, and whose own answer got lost."""
    await shop.fault("erp", "create_sales_order", "error_before")
    await shop.fault("erp", "find_sales_orders", "error_before", count=1000)
    order_id = await shop.placed(order())
    await shop.until_told(order_id, "book_in_erp #1", "unknown")
    await shop.stop_workers()
    await shop.mended()
    for _ in range(2):
        await shop.book_by_hand(order_id)
    shop.start_worker()
    return order_id


async def void_before_capture(shop: Shop) -> str:
    """An order whose goods leave after somebody has given the held money back."""
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.void_by_hand(order_id)
    await shop.hold_shipping(hold=False)
    return order_id


async def shipped_though_cancelled(shop: Shop) -> str:
    """An order that was cancelled while its goods were there, which are then said to have left."""
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.cancel(order_id)
    await shop.until(order_id, "cancelled")
    await shop.say_shipped(await shop.part(order_id))
    return order_id


async def test_a_duplicate_is_parked_and_goes_on_when_an_operator_says_which_counts(shop: Shop) -> None:
    order_id = await booked_twice(shop)
    cause = await shop.until_parked(order_id)
    kept = (await shop.ledger("erp", order_id))[0]["id"]

    await shop.desk().resolve(order_id, succeeded=True, evidence="SO-2 deleted in the ERP", reference=kept)

    assert cause["code"] == "duplicate_effect"
    assert (await shop.until(order_id))["status"] == "completed"


async def test_a_step_that_an_operator_saw_fail_is_done_again(shop: Shop) -> None:
    order_id = await booked_twice(shop)
    await shop.until_parked(order_id)

    await shop.desk().resolve(order_id, succeeded=False, evidence="both deleted in the ERP")

    assert (await shop.until(order_id))["status"] == "completed"


async def test_money_that_cannot_be_taken_after_the_goods_have_left_is_an_operators_matter(shop: Shop) -> None:
    order_id = await void_before_capture(shop)
    cause = await shop.until_parked(order_id)

    await shop.desk().retry(order_id)
    again = await shop.until_parked(order_id)
    await shop.desk().resolve(order_id, succeeded=True, evidence="paid by transfer", reference="bank-1")

    assert (cause["code"], again["code"]) == ("refused_after_pivot", "refused_after_pivot")
    assert (await shop.until(order_id))["status"] == "completed"


async def test_money_that_was_held_for_too_long_is_an_operators_matter(shop: Shop) -> None:
    await shop.hold_money_for(0)

    order_id = await shop.placed(order())
    cause = await shop.until_parked(order_id)

    assert (cause["code"], cause["step"]) == ("refused_after_pivot", "take_money")
    assert await shop.effects("psp", order_id) == ["authorisation"]


async def test_an_abandoned_run_ends_as_it_stands_once_the_goods_have_left(shop: Shop) -> None:
    order_id = await void_before_capture(shop)
    await shop.until_parked(order_id)

    await shop.desk().abandon(order_id, evidence="written off")

    part = await shop.part(order_id)
    seen = await runs.runs(shop.gate.database, parked=False, limit=10)
    assert [(run.state, run.outcome) for run in seen if run.run_id == part] == [("ended", "abandoned")]
    assert (await shop.until(order_id))["status"] == "completed"


async def test_an_abandoned_run_is_undone_while_the_goods_are_here(shop: Shop) -> None:
    order_id = await booked_twice(shop)
    await shop.until_parked(order_id)

    await shop.desk().abandon(order_id, evidence="the customer called")
    cause = await shop.until_parked(order_id)
    await shop.desk().resolve(order_id, succeeded=False, evidence="both deleted in the ERP")
    document = await shop.until(order_id)

    assert cause["code"] == "duplicate_effect"
    assert (document["status"], document["reason"]["code"]) == ("rejected", "abandoned")
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]


async def test_goods_that_leave_for_a_cancelled_order_are_parked(shop: Shop) -> None:
    order_id = await shipped_though_cancelled(shop)

    assert (await shop.until_parked(order_id))["code"] == "shipped_after_cancelled"


async def test_every_choice_is_audited_under_its_operator(shop: Shop) -> None:
    order_id = await booked_twice(shop)
    await shop.until_parked(order_id)

    await shop.desk("olga").resolve(order_id, succeeded=False, evidence="both deleted in the ERP")

    told = [m for m in await shop.timeline(order_id) if m.what == "workflows:resolve"]
    assert [(m.where, m.facts["evidence"]) for m in told] == [("operator olga", "both deleted in the ERP")]


@pytest.mark.parametrize(("operator", "error"), [(" ", Invalid), ("olga", Conflict)])
async def test_only_a_named_operator_changes_only_what_is_parked(
    shop: Shop, operator: str, error: type[Exception]
) -> None:
    order_id = await shop.placed(order())
    await shop.until(order_id)

    with pytest.raises(error):
        await shop.desk(operator).retry(order_id)


async def test_an_unknown_workflow_is_named(shop: Shop) -> None:
    with pytest.raises(NotFound, match="ord_nowhere"):
        await shop.desk().retry("ord_nowhere")


async def test_what_has_ended_can_only_be_abandoned(shop: Shop) -> None:
    order_id = await shipped_though_cancelled(shop)
    await shop.until_parked(order_id)

    with pytest.raises(Conflict, match="cancelled"):
        await shop.desk().retry(order_id)
    await shop.desk().abandon(order_id, evidence="the parcel is on its way back")

    seen = await runs.runs(shop.gate.database, parked=False, limit=10)
    assert [(run.state, run.outcome) for run in seen if run.run_id == order_id] == [("ended", "cancelled")]
