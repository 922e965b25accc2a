"""A warehouse tells that goods have left: believed when signed, recorded once, repeated when it came too early."""

from tests.resources.shop import Shop
from tests.resources.warehouse import Warehouse

UNKNOWN = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


async def test_a_shipment_becomes_a_signal_of_the_orders_run(shop: Shop, warehouse: Warehouse) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await warehouse.tell(order_id)

    assert (answer.status_code, answer.json()) == (202, {"webhook_id": "msg_1", "status": "recorded"})
    assert await shop.rows("select signal_id, run_id, kind, source, data ->> 'shipment_id' from signal") == [
        ("wms:msg_1", order_id, "shipped", "callback:wms", "shp_1")
    ]
    assert await shop.rows("select actor, action from audit where resource = %s order by at", order_id) == [
        ("partner", "orders:write"),
        ("system", "callbacks:write"),
    ]


async def test_a_duplicate_is_welcome_and_changes_nothing(shop: Shop, warehouse: Warehouse) -> None:
    order_id = (await shop.place())["order_id"]
    await warehouse.tell(order_id)

    again = await warehouse.tell(order_id)

    assert (again.status_code, again.json()["status"]) == (202, "known")
    assert len(await shop.rows("select 1 from signal")) == 1
    assert len(await shop.rows("select 1 from audit where actor = 'system'")) == 1


async def test_a_callback_that_has_overtaken_its_order_is_asked_to_come_again(warehouse: Warehouse) -> None:
    answer = await warehouse.tell(UNKNOWN)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_shipment_of_a_cancelled_order_is_recorded_for_an_operator(shop: Shop, warehouse: Warehouse) -> None:
    order_id = (await shop.place())["order_id"]
    await shop.rows("update run set state = 'ended', outcome = 'cancelled' returning 1")

    answer = await warehouse.tell(order_id)

    assert answer.status_code == 202
    assert await shop.rows("select state, cause ->> 'code' from run") == [("parked", "shipped_after_cancelled")]


async def test_only_the_warehouse_tells_of_shipments(shop: Shop, warehouse: Warehouse) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await warehouse.tell(order_id, system="erp")

    assert answer.status_code == 404
    assert await shop.rows("select 1 from signal") == []


async def test_a_callback_that_breaks_the_contract_is_refused(shop: Shop, warehouse: Warehouse) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await warehouse.tell(order_id, shipped_at="yesterday")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
