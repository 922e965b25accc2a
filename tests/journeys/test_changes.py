"""A warehouse that does not call back is asked: its word is worth as much, and is heard once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from gateway.domain.identifiers import mint
from gateway.errors import Unavailable
from gateway.governance.bundle import Bundle
from gateway.store import change_feeds
from gateway.told import Page
from gateway.workflows.feed import TURN, Feed
from gateway.workflows.tools import Tools
from tests.journeys.opening import open_shop
from tests.journeys.shop import PATIENCE, Shop, order

pytestmark = pytest.mark.proof


@pytest.fixture
async def polled(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """A shop whose warehouse is asked for its changes; it goes on calling back unless it is told to lose that."""
    async with open_shop(database_url, tmp_path, promises, polled=True) as opened:
        yield opened


def tools(shop: Shop) -> Tools:
    return Tools(shop.gate.database, shop.back_ends, shop.gate.clock, mint, metrics=shop.metrics)


def feed(shop: Shop, holder: str) -> Feed:
    return Feed("wms", shop.back_ends.changes["wms"], tools(shop), holder=holder)


async def signals(shop: Shop, order_id: str) -> list[str]:
    """Who told that the order's goods have left."""
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute(
            "select source from signal join run using (run_id)"
            " where %s in (run_id, parent_id) and kind = 'shipped' order by received_at",
            (order_id,),
        )
        return [source for (source,) in await cursor.fetchall()]


async def cursor_of(shop: Shop) -> str | None:
    async with shop.gate.database.connection() as connection:
        found = await (await connection.execute("select cursor from change_feed where source = 'wms'")).fetchone()
    return found[0] if found else None


async def until_read(shop: Shop, position: int) -> None:
    end = monotonic() + PATIENCE
    while int(await cursor_of(shop) or 0) < position:
        assert monotonic() < end, "the change is not read"
        await asyncio.sleep(0.02)


async def last_shipped(shop: Shop, order_id: str) -> int:
    return next(int(each["sequence"]) for each in await shop.ledger("wms", order_id) if each["kind"] == "shipped")


async def test_an_order_whose_warehouse_does_not_call_back_is_completed(polled: Shop) -> None:
    await polled.fault("wms", "create_shipment", "lost_callback")

    order_id = await polled.placed(order())
    document = await polled.until(order_id)

    assert document["status"] == "completed"
    assert await signals(polled, order_id) == ["poll:wms"]
    assert ("system wms", "changes:read") in {(each.where, each.what) for each in await polled.timeline(order_id)}


async def test_a_callback_and_a_change_of_one_shipment_are_one_fact(polled: Shop) -> None:
    order_id = await polled.placed(order())
    await polled.until(order_id)

    await until_read(polled, await last_shipped(polled, order_id))

    assert len(await signals(polled, order_id)) == 1
    assert (await polled.books(order_id))["psp"] == ["authorisation", "capture"]


async def test_a_system_in_trouble_is_asked_again_until_it_answers(polled: Shop) -> None:
    for kind in ("error_before", "garbage"):
        await polled.fault("wms", "get_changes", kind)
    await polled.fault("wms", "create_shipment", "lost_callback")

    document = await polled.until(await polled.placed(order()))

    assert document["status"] == "completed"


async def test_one_worker_reads_and_another_takes_over_when_its_turn_is_over(polled: Shop) -> None:
    await polled.stop_workers()
    database = polled.gate.database
    async with database.connection() as connection:
        await connection.execute("update change_feed set held_until = '-infinity'")

    first = await change_feeds.turn(database, "wms", "first", seconds=TURN)
    meanwhile = await change_feeds.turn(database, "wms", "second", seconds=TURN)
    again = await change_feeds.turn(database, "wms", "first", seconds=0)
    then = await change_feeds.turn(database, "wms", "second", seconds=TURN)

    assert first is not None
    assert again is not None
    assert meanwhile is None
    assert then == replace(first, holder="second")


async def test_whose_turn_has_passed_while_it_read_writes_nothing(polled: Shop) -> None:
    await polled.stop_workers()
    await polled.fault("wms", "create_shipment", "lost_callback")
    order_id = await polled.placed(order())
    polled.start_worker()
    await polled.until(order_id)
    await polled.stop_workers()
    database = polled.gate.database
    async with database.connection() as connection:
        await connection.execute("delete from signal where kind = 'shipped'")
        await connection.execute("update change_feed set held_until = '-infinity', cursor = null")
    slow = await change_feeds.turn(database, "wms", "slow", seconds=0)
    assert slow is not None
    page = await polled.back_ends.changes["wms"].since(slow.cursor)
    assert await feed(polled, "quick").read() is False

    with pytest.raises(Unavailable, match="another worker reads on"):
        await change_feeds.take_over(database, slow, page, now=polled.gate.clock(), mint=mint)

    assert await signals(polled, order_id) == ["poll:wms"]
    assert await cursor_of(polled) == page.cursor


async def test_a_page_is_taken_over_as_a_whole_or_not_at_all(polled: Shop) -> None:
    await polled.fault("wms", "create_shipment", "lost_callback")
    await polled.hold_shipping(hold=True)
    order_id = await polled.placed(order())
    await polled.until(order_id, "processing")
    await polled.stop_workers()
    await polled.hold_shipping(hold=False)
    await polled.until_ledger("wms", order_id, "shipped")
    database = polled.gate.database
    async with database.connection() as connection:
        await connection.execute("update change_feed set held_until = '-infinity'")
    before = await cursor_of(polled)

    async with database.transaction() as connection:
        await connection.execute("select from run where run_id = %s for update", (order_id,))
        reading = asyncio.create_task(feed(polled, "killed").read())
        await _blocked(polled)
        reading.cancel()
        await asyncio.wait({reading})
    half = (await signals(polled, order_id), await cursor_of(polled))
    polled.start_worker()
    document = await polled.until(order_id)

    assert half == ([], before)
    assert document["status"] == "completed"
    assert len(await signals(polled, order_id)) == 1


async def _blocked(shop: Shop) -> None:
    end = monotonic() + PATIENCE
    waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%%lock_run%%'"
    async with shop.gate.database.connection() as connection:
        while await (await connection.execute(waits)).fetchone() is None:
            assert monotonic() < end, "nobody waits for the run"
            await asyncio.sleep(0.01)


async def test_facts_about_nothing_of_ours_are_passed_over(polled: Shop) -> None:
    await polled.stop_workers()
    foreign = {"reference": "by-hand", "order_id": "ord_theirs", "lines": [{"line_id": "1", "sku": "LAMP-7"}]}
    foreign["lines"][0]["quantity"] = 1  # type: ignore[index]
    made = await polled.sandbox.post(
        "/wms/shipments", json={**foreign, "ship_to": {}}, headers={"idempotency-key": "k"}
    )
    await polled.sandbox.post("/wms/_ship", json={"shipment_id": made.json()["id"]})
    async with polled.gate.database.connection() as connection:
        await connection.execute("update change_feed set held_until = '-infinity'")

    more = await feed(polled, "reader").read()

    assert more is False
    assert await cursor_of(polled) is not None
    assert await signals(polled, "ord_theirs") == []


async def test_a_long_day_is_read_page_by_page(polled: Shop) -> None:
    await polled.stop_workers()
    database = polled.gate.database
    held = await change_feeds.turn(database, "erp", "reader", seconds=TURN)
    assert held is not None

    await change_feeds.take_over(database, held, Page([], "7", more=True), now=polled.gate.clock(), mint=mint)

    async with database.connection() as connection:
        row = await (
            await connection.execute(
                "select cursor, read_at is not null, caught_up_at is not null from change_feed where source = 'erp'"
            )
        ).fetchone()
    assert row == ("7", True, False)
