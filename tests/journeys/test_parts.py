"""An order that no node has all of is served in parts: each is booked, shipped, paid and invoiced for itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.governance.bundle import Bundle
from tests.journeys.opening import open_shop
from tests.journeys.shop import VASE, Shop, money, order
from tests.journeys.test_sourcing import promised, stocked

SHIPPING = 395


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Two nodes with ten lamps each, and none elsewhere; nothing is shipped until somebody lets it."""
    async with open_shop(database_url, tmp_path, promises) as opened:
        await opened.hold_shipping(hold=True)
        await stocked(opened, "leeds", pieces=10, pick=10)
        await stocked(opened, "york", pieces=10, pick=5)
        await emptied(opened)
        yield opened


async def emptied(shop: Shop) -> None:
    """The main node serves nobody."""
    headers = await shop.gate.bearer(await shop.gate.operator("warden"))
    body = {"type": "dc", "name": "main", "timezone": "UTC", "source_id": "wms", "status": "closed"}
    answer = await shop.gate.http.put("/v1/inventory/nodes/main", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def large(quantity: int = 15, **changes: Any) -> dict[str, Any]:
    """More than one node has; shipping costs, and there is a discount that pieces do not share evenly."""
    body = order(quantity=quantity, **changes)
    body["lines"][0]["discount"] = money(7)
    body["shipping_charge"] = money(SHIPPING)
    total = 250 * quantity - 7 + SHIPPING
    body["totals"] |= {"discount": money(7), "shipping": money(SHIPPING), "grand_total": money(total)}
    body["payment"]["amount"] = money(total)
    return body


def amounts(effects: list[dict[str, Any]], kind: str) -> list[int]:
    return sorted(effect["amount"]["amount"] for effect in effects if effect["kind"] == kind)


async def test_each_part_is_shipped_paid_and_invoiced_for_itself(shop: Shop) -> None:
    order_id = await shop.placed(large())
    await shop.until_ledger("wms", order_id, "shipment", 2)
    before = await shop.until(order_id, "processing")
    await shop.hold_shipping(hold=False)

    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert before["payment_status"] == "authorised"
    assert (after["payment_status"], after["fulfilment_status"]) == ("captured", "shipped")
    parts = after["fulfilments"]
    assert [part["status"] for part in parts] == ["completed", "completed"]
    assert sorted(part["lines"][0]["quantity"] for part in parts) == [5, 10]
    taken, booked = await shop.ledger("psp", order_id), await shop.ledger("erp", order_id)
    shares = sorted(part["amount"]["amount"] for part in parts)
    assert amounts(taken, "capture") == amounts(booked, "sales_order") == amounts(booked, "invoice") == shares
    assert sum(shares) == 250 * 15 - 7 + SHIPPING
    assert after["lines"][0]["pieces"] == {"in_transit": 15}
    assert await promised(shop) == {"leeds": 5, "york": 10}  # until a count contains that they have left


async def test_the_first_part_is_paid_before_the_last_has_left(shop: Shop) -> None:
    order_id = await shop.placed(large())
    await shop.until(order_id, "processing")
    await shop.until_ledger("wms", order_id, "shipment", 2)
    first = (await shop.ledger("wms", order_id))[0]["id"]

    await shop.ship(first)

    await shop.until_ledger("erp", order_id, "invoice")
    seen = await shop.seen(order_id)
    assert (seen["payment_status"], seen["fulfilment_status"]) == ("partially_captured", "partially_shipped")
    assert seen["status"] == "processing"


async def test_a_cancel_stops_what_has_not_left(shop: Shop) -> None:
    """Each executor answers for itself; the money of what stays is given back."""
    order_id = await shop.placed(large())
    await shop.until(order_id, "processing")
    await shop.until_ledger("wms", order_id, "shipment", 2)
    await shop.ship((await shop.ledger("wms", order_id))[0]["id"])
    await shop.until_ledger("erp", order_id, "invoice")

    assert (await shop.cancel(order_id)).status_code == 202

    after = await shop.until(order_id, "completed")
    assert after["cancel"]["outcome"] == "partial"
    assert sorted(part["status"] for part in after["fulfilments"]) == ["cancelled", "completed"]
    assert after["fulfilment_status"] == "shipped"
    [kept] = [part["amount"]["amount"] for part in after["fulfilments"] if part["status"] == "completed"]
    ledger = await shop.ledger("psp", order_id)
    assert amounts(ledger, "capture") == [kept]
    assert amounts(ledger, "void") == [250 * 15 - 7 + SHIPPING - kept]
    assert sorted(after["lines"][0]["pieces"]) == ["cancelled", "in_transit"]


async def test_a_cancel_in_time_stops_all_of_it(shop: Shop) -> None:
    order_id = await shop.placed(large())
    await shop.until(order_id, "processing")

    assert (await shop.cancel(order_id)).status_code == 202

    after = await shop.until(order_id, "cancelled")
    assert after["cancel"]["outcome"] == "cancelled"
    assert (after["payment_status"], after["fulfilment_status"]) == ("voided", "cancelled")
    assert await promised(shop) == {}
    assert amounts(await shop.ledger("psp", order_id), "capture") == []


async def test_a_part_that_its_warehouse_refuses_is_served_from_elsewhere(shop: Shop) -> None:
    await shop.fault("wms", "create_shipment", "refuse")
    order_id = await shop.placed(large(quantity=4))

    await shop.until_ledger("wms", order_id, "shipment")
    await shop.hold_shipping(hold=False)
    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert [part["status"] for part in after["fulfilments"]] == ["rejected", "completed"]
    assert after["fulfilments"][0]["reason"]["code"] == "refused_by_warehouse"
    assert await promised(shop) == {"leeds": 4}
    assert amounts(await shop.ledger("psp", order_id), "capture") == [250 * 4 - 7 + SHIPPING]


async def test_what_the_erp_refuses_is_served_by_nobody(shop: Shop) -> None:
    await shop.fault("erp", "create_sales_order", "refuse")
    order_id = await shop.placed(large())

    after = await shop.until(order_id)

    assert (after["status"], after["reason"]["code"]) == ("rejected", "refused_by_erp")
    assert await promised(shop) == {}
    assert "shipment" not in await shop.effects("wms", order_id) or "cancel" in await shop.effects("wms", order_id)
    assert after["payment_status"] == "voided"


async def test_two_lines_go_together_as_far_as_a_node_has_both(shop: Shop) -> None:
    body = order(quantity=2)
    body["lines"].append({"line_id": "2", "sku": VASE, "quantity": 2, "unit_price": "2.50"})
    body["totals"] |= {"items": money(1000), "grand_total": money(1000)}
    body["payment"]["amount"] = money(1000)
    answer = await shop.sandbox.post("/wms/_receive", json={"sku": VASE, "node": "york", "quantity": 2})
    assert answer.status_code == 200, answer.text
    await shop.sync_stock()

    order_id = await shop.placed(body)
    await shop.hold_shipping(hold=False)
    after = await shop.until(order_id)

    assert len(after["fulfilments"]) == 1
    assert after["status"] == "completed"


async def test_a_hold_keeps_it_from_being_released(shop: Shop) -> None:
    await shop.stop_workers()
    order_id = await shop.placed(large(quantity=2))
    headers = await shop.gate.bearer(await shop.gate.operator("fraud-desk"))
    placed = await shop.gate.http.post(
        f"/v1/orders/{order_id}/holds",
        json={"type": "fraud", "reason": "the address is new"},
        headers={**headers, "idempotency-key": f"hold-{order_id}"},
    )
    assert placed.status_code == 201, placed.text
    shop.start_worker()
    held = await shop.until(order_id, "accepted")
    assert await shop.effects("wms", order_id) == []

    answer = await shop.gate.http.post(
        f"/v1/orders/{order_id}/holds/{placed.json()['hold_id']}/release",
        json={"reason": "called back"},
        headers={**headers, "idempotency-key": f"free-{order_id}"},
    )
    assert answer.status_code == 200, answer.text
    await shop.hold_shipping(hold=False)

    assert (await shop.until(order_id))["status"] == "completed"
    assert [hold["type"] for hold in held["holds"]] == ["fraud"]
