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
from tests.journeys.test_pickup import DC, OTHER, SHOP, code_for, collect, fetched, furnished, rules, until_part

pytestmark = pytest.mark.proof

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


async def test_nothing_is_handed_over_while_it_is_being_taken_back(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")
    code = await code_for(shop, order_id)
    await faults(shop, {"system": "store", "operation": "cancel_task", "kind": "error_before", "next": 1000})
    await shop.cancel(order_id)
    await until_part(shop, order_id, "cancel_requested")

    refused = await collect(shop, order_id, code)
    await faults(shop)
    after = await shop.until(order_id, "cancelled")

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "collected_at" not in str(after["fulfilments"])
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]


async def test_what_a_store_has_given_to_the_carrier_keeps_its_label(shop: Shop) -> None:
    """Nobody has told us that it left, and its customer cancels: the store is asked first, and says what is so."""
    await close_all_but_the_store(shop)
    await faults(shop, {"system": "store", "operation": "create_task", "kind": "lost_callback", "next": 1})
    order_id = await shop.placed(order(quantity=2))
    await shop.until_ledger("carrier", order_id, "label")
    assert "handed_over" in await shop.effects("store", order_id)

    await shop.cancel(order_id)
    after = await shop.until(order_id, "completed", "cancelled")

    assert (after["status"], after["cancel"]["outcome"]) == ("completed", "too_late")
    assert await shop.effects("carrier", order_id) == ["label"]


async def test_a_parcel_that_leaves_before_its_label_is_known_is_paid_for_what_is_in_it(shop: Shop) -> None:
    await close_all_but_the_store(shop)
    await rules(shop, {"kind": "short", "node": SHOP, "by": 1})
    await faults(shop, {"system": "carrier", "operation": "create_label", "kind": "delay", "delay": 0.8, "next": 1})
    order_id = await shop.placed({**order(quantity=3), "when_short": "cancel_lines"})

    after = await shop.until(order_id)

    label, parcel = (await shop.ledger("carrier", order_id))[0], after["fulfilments"][0]
    assert after["lines"][0]["pieces"] == {"in_transit": 2, "cancelled": 1}
    assert [e["amount"]["amount"] for e in await shop.ledger("psp", order_id)] == [750, 500, 250]
    assert parcel["amount"]["amount"] == 500
    assert label["amount"]["amount"] == 390 + 2 * 25


async def close_all_but_the_store(shop: Shop) -> None:
    for node in (OTHER, DC):
        await shop.close_node(node)


async def faults(shop: Shop, *wanted: dict[str, object]) -> None:
    assert (await shop.sandbox.post("/faults", json={"rules": wanted})).status_code < 300
