"""One order from the front door to three sets of books, on every way it can go."""

import pytest

from tests.journeys.shop import LAMP, VASE, Shop, order

BOOKED = {"psp": ["authorisation", "capture"], "erp": ["sales_order", "invoice"], "wms": ["shipment", "shipped"]}


async def test_an_order_ends_in_three_sets_of_books(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=2))

    document = await shop.until(order_id)

    assert document["status"] == "completed"
    assert await shop.books(order_id) == BOOKED


async def test_a_declined_card_leaves_no_trace(shop: Shop) -> None:
    order_id = await shop.placed(order(token="tok_declined"))

    document = await shop.until(order_id)

    assert (document["status"], document["reason"]["code"]) == ("rejected", "payment_declined")
    assert await shop.books(order_id) == {"psp": [], "erp": [], "wms": []}
    assert await shop.reserved(LAMP) == 0


@pytest.mark.parametrize(
    ("sku", "quantity", "reason"), [(VASE, 6, "insufficient_stock"), ("NO-SUCH", 1, "unknown_sku")]
)
async def test_what_is_not_in_stock_is_rejected_and_the_money_given_back(
    shop: Shop, sku: str, quantity: int, reason: str
) -> None:
    order_id = await shop.placed(order(sku=sku, quantity=quantity))

    document = await shop.until(order_id)

    assert (document["status"], document["reason"]["code"]) == ("rejected", reason)
    assert await shop.books(order_id) == {"psp": ["authorisation", "void"], "erp": [], "wms": []}
    assert (document["lines"][0]["pieces"], document["fulfilment_status"]) == ({"cancelled": quantity}, "cancelled")


@pytest.mark.parametrize(
    ("system", "operation", "reason", "erp"),
    [
        ("erp", "create_sales_order", "refused_by_erp", []),
        ("wms", "create_shipment", "refused_by_warehouse", ["sales_order", "cancel"]),
    ],
)
async def test_a_back_end_that_says_no_turns_the_order_back(
    shop: Shop, system: str, operation: str, reason: str, erp: list[str]
) -> None:
    await shop.fault(system, operation, "refuse")

    order_id = await shop.placed(order())
    document = await shop.until(order_id)

    assert (document["status"], document["reason"]["code"]) == ("rejected", reason)
    assert await shop.books(order_id) == {"psp": ["authorisation", "void"], "erp": erp, "wms": []}
    assert await shop.reserved(LAMP) == 0


@pytest.mark.parametrize("kind", ["error_before", "error_after", "garbage", "reset_after", "hang_after"])
@pytest.mark.parametrize(
    ("system", "operation"),
    [
        ("psp", "authorise"),
        ("erp", "create_sales_order"),
        ("wms", "create_shipment"),
        ("psp", "capture"),
        ("erp", "create_invoice"),
    ],
)
async def test_an_answer_that_got_lost_costs_time_only(shop: Shop, system: str, operation: str, kind: str) -> None:
    await shop.fault(system, operation, kind)

    order_id = await shop.placed(order())
    document = await shop.until(order_id)

    assert document["status"] == "completed"
    assert await shop.books(order_id) == BOOKED


async def test_the_last_unit_is_sold_once(shop: Shop) -> None:
    ids = [await shop.placed(order(sku=VASE, quantity=5)) for _ in range(3)]

    ends = [(await shop.until(order_id))["status"] for order_id in ids]

    assert sorted(ends) == ["completed", "rejected", "rejected"]


async def test_a_shipped_line_stays_a_claim_until_a_later_count(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=3))
    await shop.until(order_id)
    before = await shop.reserved(LAMP)

    await shop.sync_stock()

    assert (before, await shop.reserved(LAMP)) == (3, 0)


async def test_a_callback_that_is_never_delivered_is_made_up_for_by_looking(shop: Shop) -> None:
    await shop.fault("wms", "create_shipment", "lost_callback")
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.until_ledger("wms", order_id, "shipped")

    async with shop.gate.database.connection() as connection:  # a minute passes for the engine
        await connection.execute("update absurd.r_sagas set available_at = now() where state = 'sleeping'")

    assert (await shop.until(order_id))["status"] == "completed"


@pytest.mark.parametrize("kind", ["duplicate_callback", "early_callback", "late_callback"])
async def test_callbacks_may_come_twice_early_or_late(shop: Shop, kind: str) -> None:
    await shop.fault("wms", "create_shipment", kind)

    order_id = await shop.placed(order())

    assert (await shop.until(order_id))["status"] == "completed"
    assert await shop.books(order_id) == BOOKED


async def test_the_timeline_tells_the_whole_story(shop: Shop) -> None:
    order_id = await shop.placed(order())
    await shop.until(order_id)

    moments = await shop.timeline(order_id)

    told = {moment.what.split(" ")[0] for moment in moments}
    assert {"hold_money", "reserve_stock", "book_in_erp", "release_to_warehouse", "take_money", "invoice"} <= told
    assert any(moment.kind == "signal" and moment.where == "callback:wms" for moment in moments)
    assert any(moment.kind == "call" and "partners-place-their-orders" in moment.outcome for moment in moments)
