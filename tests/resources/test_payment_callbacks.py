"""The payment provider tells of refunds: only of what was asked for, and not of anything else."""

import pytest

from tests.resources.refunded import refunded
from tests.resources.shop import Shop
from tests.resources.warehouse import Warehouse

UNKNOWN = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


@pytest.mark.parametrize("kind", ["refund.succeeded", "refund.failed"])
async def test_a_refund_that_nobody_asked_for_is_not_known(warehouse: Warehouse, kind: str) -> None:
    answer = await warehouse.tell_refund(f"rfd_{UNKNOWN}:refund", kind)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_what_is_no_refund_of_ours_cannot_fail(shop: Shop, warehouse: Warehouse) -> None:
    order_id = str((await shop.place())["order_id"])

    answer = await warehouse.tell_refund(f"{order_id}:hold_money", "refund.failed")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await shop.rows("select 1 from signal") == []


async def test_what_is_told_of_a_refund_of_ours_is_recorded_once(shop: Shop, warehouse: Warehouse) -> None:
    refund_id = await refunded(shop.gate.database, str((await shop.place())["order_id"]))

    told = [await warehouse.tell_refund(f"{refund_id}:refund", "refund.failed") for _ in range(2)]

    assert [answer.json()["status"] for answer in told] == ["recorded", "known"]
    assert await shop.rows("select run_id, kind from signal") == [(refund_id, "refund_failed")]
    assert await shop.rows("select state from refund") == [("submitted",)]  # only what had succeeded fails late


async def test_a_warehouse_does_not_tell_of_money(warehouse: Warehouse) -> None:
    answer = await warehouse.tell_refund(f"rfd_{UNKNOWN}:refund", "refund.failed", system="wms")

    assert answer.status_code in (400, 404, 422)
