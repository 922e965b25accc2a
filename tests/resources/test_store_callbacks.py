"""Stores tell how their tasks stand: believed when signed, recorded once, and the part's run looks for itself."""

import pytest

from gateway.domain.time import rfc3339
from tests.resources.offers import ready
from tests.resources.shop import Shop
from tests.resources.warehouse import Warehouse

UNKNOWN = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
SIGNALS = "select signal_id, run_id, kind, source, data ->> 'task_id', data ->> 'collected_at' from signal"


async def part_of(shop: Shop) -> tuple[str, str]:
    """An order, and a part of it that a store works on."""
    order_id = str((await shop.place())["order_id"])
    return order_id, await ready(shop.gate.database, order_id)


@pytest.mark.parametrize("status", ["accepted", "rejected", "ready", "handed_over"])
async def test_what_a_store_tells_wakes_the_parts_run(shop: Shop, warehouse: Warehouse, status: str) -> None:
    order_id, part = await part_of(shop)
    woken = "select count(*) from absurd.e_sagas where event_name like %s"

    answer = await warehouse.tell_task(order_id, part, status)

    kind, at = ("collected", rfc3339(shop.gate.clock())) if status == "handed_over" else ("task", None)
    assert (answer.status_code, answer.json()) == (202, {"webhook_id": "msg_1", "status": "recorded"})
    assert await shop.rows(SIGNALS) == [("store:msg_1", part, kind, "callback:store", "tsk_1", at)]
    assert await shop.rows(woken, f"{part}:%") == [(1,)]
    assert await shop.rows("select actor, action from audit where resource = %s", part) == [
        ("system", "callbacks:write")
    ]
    assert await shop.rows("select collected_at from pickup") == [(None,)]


async def test_each_step_is_a_fact_and_a_copy_is_none(shop: Shop, warehouse: Warehouse) -> None:
    order_id, part = await part_of(shop)

    steps = [await warehouse.tell_task(order_id, part, each, name=each) for each in ("accepted", "ready", "ready")]

    assert [each.json()["status"] for each in steps] == ["recorded", "recorded", "known"]
    assert len(await shop.rows("select 1 from signal where kind = 'task'")) == 2


async def test_a_step_that_has_overtaken_its_order_is_asked_to_come_again(warehouse: Warehouse) -> None:
    answer = await warehouse.tell_task(f"ord_{UNKNOWN}", f"ful_{UNKNOWN}", "accepted")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_each_tells_of_its_own_matters_only(shop: Shop, warehouse: Warehouse) -> None:
    order_id, part = await part_of(shop)

    answers = [
        await warehouse.tell_task(order_id, part, "ready", system="wms"),
        await warehouse.tell_task(order_id, part, "ready", system="erp"),
        await warehouse.tell(order_id, system="store"),
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert await shop.rows("select 1 from signal") == []


@pytest.mark.parametrize(
    ("status", "changes", "pointer"),
    [
        ("lost", {}, "#/type"),
        ("ready", {"at": "yesterday"}, "#/data/at"),
        ("ready", {"task_id": "a b"}, "#/data/task_id"),
        ("ready", {"picked": {"1": 2}}, "#/data/picked"),
        ("ready", {"shipment_id": "shp_1"}, "#/data/shipment_id"),
    ],
)
async def test_a_step_that_breaks_the_contract_is_refused(
    shop: Shop, warehouse: Warehouse, status: str, changes: dict[str, str], pointer: str
) -> None:
    order_id, part = await part_of(shop)

    answer = await warehouse.tell_task(order_id, part, status, **changes)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert {each["pointer"] for each in answer.json()["errors"]} == {pointer}
