"""A wish to stop: before the release we decide, after it the warehouse; no money moves until it has answered."""

from tests.journeys.shop import LAMP, Shop, order


async def test_an_order_nobody_has_begun_is_cancelled_without_a_trace(shop: Shop) -> None:
    await shop.stop_workers()
    order_id = await shop.placed(order())

    answer = await shop.cancel(order_id)
    shop.start_worker()
    document = await shop.until(order_id)

    assert answer.status_code == 202
    assert (document["status"], document["cancel"]["outcome"]) == ("cancelled", "cancelled")
    assert await shop.books(order_id) == {"psp": [], "erp": [], "wms": []}


async def test_a_released_order_is_cancelled_when_the_warehouse_agrees(shop: Shop) -> None:
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")

    await shop.cancel(order_id)
    document = await shop.until(order_id)

    assert document["status"] == "cancelled"
    assert await shop.books(order_id) == {
        "psp": ["authorisation", "void"],
        "erp": ["sales_order", "cancel"],
        "wms": ["shipment", "cancel"],
    }
    assert await shop.reserved(LAMP) == 0


async def test_a_cancel_that_comes_too_late_changes_nothing(shop: Shop) -> None:
    await shop.fault("wms", "create_shipment", "late_callback")
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.until_ledger("wms", order_id, "shipped")

    answer = await shop.cancel(order_id)
    document = await shop.until(order_id)

    assert answer.status_code == 202
    assert (document["status"], document["cancel"]["outcome"]) == ("completed", "too_late")


async def test_a_completed_order_cannot_be_cancelled(shop: Shop) -> None:
    order_id = await shop.placed(order())
    await shop.until(order_id)

    answer = await shop.cancel(order_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_late_to_cancel")


async def test_a_cancel_whose_answer_got_lost_is_settled_by_evidence(shop: Shop) -> None:
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.fault("wms", "cancel_shipment", "error_after")
    await shop.fault("psp", "void", "reset_after")
    await shop.fault("erp", "cancel_sales_order", "error_after")

    await shop.cancel(order_id)
    document = await shop.until(order_id)

    assert document["status"] == "cancelled"
    assert (await shop.books(order_id))["psp"] == ["authorisation", "void"]
