"""Orders are served from the node that is worth most, with its stock, or not at all; why is kept."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.governance.bundle import Bundle
from gateway.workflows.place_order import Terms, sagas
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP, Shop, order


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Two nodes besides the main one, where picking is dear; nothing is shipped until somebody lets it."""
    async with open_shop(database_url, tmp_path, promises) as opened:
        await opened.hold_shipping(hold=True)
        await stocked(opened, "leeds", pieces=10, pick=10)
        await stocked(opened, "york", pieces=10, pick=5)
        await stocked(opened, "main", pieces=0, pick=50)
        yield opened


async def stocked(shop: Shop, node: str, *, pieces: int, pick: int, per_day: int | None = None) -> None:
    if pieces:
        answer = await shop.sandbox.post("/wms/_receive", json={"sku": LAMP, "node": node, "quantity": pieces})
        assert answer.status_code == 200, answer.text
    body = {"type": "dc", "name": node, "timezone": "Europe/London", "source_id": "wms"}
    body |= {"cost": {"currency": "GBP", "pick": pick}} | ({"capacity": {"orders_per_day": per_day}} if per_day else {})
    headers = await shop.gate.bearer(await shop.gate.operator(f"{node}-{pick}-{per_day or 0}"))
    made = await shop.gate.http.put(f"/v1/inventory/nodes/{node}", json=body, headers=headers)
    assert made.status_code == 200, made.text
    await shop.sync_stock()


async def promised(shop: Shop) -> dict[str, int]:
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute(
            "select node_id, reserved from stock_position where sku = %s and reserved > 0", (LAMP,)
        )
        return dict(await cursor.fetchall())


async def released(shop: Shop, order_id: str) -> str:
    """The node at which the warehouse has it."""
    await shop.until_ledger("wms", order_id, "shipment")
    shipment = (await shop.ledger("wms", order_id))[0]["id"]
    node: str = (await shop.sandbox.get(f"/wms/shipments/{shipment}")).json()["node"]
    return node


async def test_an_order_is_served_from_the_node_that_costs_least(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=3))

    assert await released(shop, order_id) == "york"
    assert await promised(shop) == {"york": 3}


async def decided(shop: Shop, order_id: str) -> dict[str, Any]:
    headers = await shop.gate.bearer(await shop.gate.operator("viola", "viewer"))
    answer = await shop.gate.http.get(f"/v1/orders/{order_id}/decisions", headers=headers)
    assert answer.status_code == 200, answer.text
    (decision,) = answer.json()["decisions"]
    return dict(decision)


async def test_why_it_is_served_from_there_adds_up(shop: Shop) -> None:
    await stocked(shop, "main", pieces=0, pick=50, per_day=1)
    order_id = await shop.placed(order(quantity=3))
    await released(shop, order_id)

    decision = await decided(shop, order_id)

    plan, second = decision["plan"], decision["runner_up"]
    assert {term["name"]: term["amount"] for term in plan["terms"]} == {
        **{"goods": 750, "carrier": -540, "handling": -15, "late": -50, "declined": -40},
    }
    assert [each["nodes"] for each in (plan, second)] == [["york"], ["leeds"]]
    assert (plan["score"], plan["score"] - second["score"]) == (sum(term["amount"] for term in plan["terms"]), 15)
    dearer = {"of": "plan", "term": {"name": "carrier", "node_id": "york", "amount": -540}, "becomes": -556}
    assert decision["flip"] == dearer


async def test_partners_are_not_told_what_it_costs(shop: Shop) -> None:
    order_id = await shop.placed(order())
    seller = await shop.gate.bearer(await shop.gate.partner("seller", scopes=frozenset({"orders:read"})))

    answer = await shop.gate.http.get(f"/v1/orders/{order_id}/decisions", headers=seller)

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


async def test_who_has_too_little_is_passed_over(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=11))

    assert await released(shop, order_id) == "main"


async def test_a_node_that_is_full_for_today_is_passed_over(shop: Shop) -> None:
    await stocked(shop, "york", pieces=0, pick=4, per_day=1)

    nodes = [await released(shop, await shop.placed(order(quantity=1))) for _ in range(2)]

    assert nodes == ["york", "leeds"]


async def test_what_all_nodes_together_have_too_little_of_is_refused(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=121))

    refused = await shop.until(order_id, "rejected")

    assert refused["reason"]["code"] == "insufficient_stock"
    assert await promised(shop) == {}


async def test_what_no_node_has_all_of_is_refused_where_money_is_taken_in_one_piece_only(shop: Shop) -> None:
    await shop.stop_workers()
    shop.start_worker(sagas(Terms(in_parts=False)))
    order_id = await shop.placed(order(quantity=101))

    refused = await shop.until(order_id, "rejected")

    assert refused["reason"]["code"] == "no_fulfilment_option"
    assert await promised(shop) == {}


async def test_a_cancelled_order_gives_the_stock_back_where_it_was(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=3))
    await released(shop, order_id)

    await shop.cancel(order_id)
    await shop.until(order_id, "cancelled")

    assert await promised(shop) == {}
