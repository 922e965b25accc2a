"""What a store does that nobody asked it to waits for a person, and no goods leave without somebody seeing it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.time import rfc3339, system_clock
from gateway.governance.bundle import Bundle
from gateway.store.signals import Signal, signal
from gateway.workflows.place_order import Terms, sagas
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop, order
from tests.journeys.test_pickup import DC, OTHER, fetched, furnished, until_part

STORE_WITHOUT_CARRIER = frozenset({"payments", "erp", "wms", "store"})


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path, promises, stores=True) as opened:
        await furnished(opened)
        yield opened


async def dropped(shop: Shop) -> str:
    """An order that was ready to be fetched, and that its store has cancelled by itself."""
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")
    task = next(effect["id"] for effect in await shop.ledger("store", order_id) if effect["kind"] == "task")
    answer = await shop.sandbox.post(
        f"/store/tasks/{task}/cancel", json={"reference": "by-hand"}, headers={"idempotency-key": "by-hand-0000000001"}
    )
    assert answer.status_code == 200, answer.text
    await shop.nudge(await shop.part(order_id))
    return order_id


async def test_a_task_that_its_store_drops_is_parked_and_settled_by_who_saw_the_goods_leave(shop: Shop) -> None:
    order_id = await dropped(shop)
    cause = await shop.until_parked(order_id)

    await shop.desk().resolve(order_id, succeeded=True, evidence="the till's receipt", reference="till-7")
    after = await shop.until(order_id)

    assert (cause["code"], cause["step"]) == ("cancelled_by_store", "await_collection")
    assert (after["status"], after["fulfilment_status"]) == ("completed", "delivered")
    assert await shop.effects("psp", order_id) == ["authorisation", "capture"]


async def test_goods_that_are_handed_over_for_a_cancelled_order_are_parked(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")
    await shop.cancel(order_id)
    await shop.until(order_id, "cancelled")
    part, now = await shop.part(order_id), system_clock()

    told = Signal("late-1", part, "collected", "callback:store", {"collected_at": rfc3339(now)})
    async with shop.gate.database.transaction() as connection:
        await signal(connection, told, now=now, trace_id=None)

    cause = await shop.until_parked(order_id)
    assert (cause["code"], cause["step"]) == ("collected_after_cancelled", "await_collection")


async def test_a_store_sends_nothing_where_no_carrier_is_connected(shop: Shop) -> None:
    """Its node is served like a warehouse then."""
    await shop.stop_workers()
    shop.start_worker(sagas(Terms(roles=STORE_WITHOUT_CARRIER)))
    for node in (OTHER, DC):
        await shop.close_node(node)

    order_id = await shop.placed(order(quantity=2))
    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert await shop.effects("wms", order_id) == ["shipment", "shipped"]
    assert await shop.effects("store", order_id) == []
