"""What parts of one order do to one another: one is refused while another waits for it, or is on its way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from gateway.domain.orders import Address, Order
from gateway.errors import Rejected
from gateway.governance.bundle import Bundle
from gateway.ports import Effect, Erp, Wms
from gateway.store import fulfilments
from tests.journeys.opening import open_shop
from tests.journeys.shop import PATIENCE, Shop
from tests.journeys.test_parts import emptied, large
from tests.journeys.test_sourcing import stocked

pytestmark = pytest.mark.proof

Between = Callable[[Order], Awaitable[None]]


class Refusing:
    """A warehouse with nodes that ship nothing, once something else has happened, and one that is slow to say yes."""

    def __init__(self, wms: Wms, refuse: Mapping[str, Between], released: Mapping[str, Between]) -> None:
        self._wms, self._refuse, self._released = wms, refuse, released
        self.manifest = wms.manifest
        self.find, self.shipment, self.stock, self.cancel = wms.find, wms.shipment, wms.stock, wms.cancel

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        if order.node_id in self._refuse:
            await self._refuse[order.node_id](order)
            raise Rejected(f"{order.node_id} does not ship today", code="closed")
        effect = await self._wms.release(order, ship_to, key=key)
        if order.node_id in self._released:
            await self._released[order.node_id](order)
        return effect


class Slow:
    """An ERP in which something else happens before parts are booked that some nodes serve."""

    def __init__(self, erp: Erp, before: Mapping[str, Between]) -> None:
        self._erp, self._before = erp, before
        self.manifest = erp.manifest
        self.find, self.cancel, self.invoice = erp.find, erp.cancel, erp.invoice

    async def book(self, order: Order, *, key: str) -> Effect:
        if order.node_id in self._before:
            await self._before[order.node_id](order)
        return await self._erp.book(order, key=key)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Ten lamps in Leeds and in York, which cost least; nobody is at work yet."""
    async with open_shop(database_url, tmp_path, promises) as opened:
        await opened.stop_workers()
        await stocked(opened, "leeds", pieces=10, pick=10)
        await stocked(opened, "york", pieces=10, pick=5)
        await emptied(opened)
        yield opened


async def at_once(order: Order) -> None:
    """Nothing has to happen first."""


async def epoch(shop: Shop, order_id: str) -> int:
    """How often the order has been taken up, and something was written down."""
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute("select epoch from run where run_id = %s", (order_id,))
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def until_parts(shop: Shop, order_id: str, *statuses: str) -> None:
    end = monotonic() + PATIENCE
    while (told := [part["status"] for part in (await shop.seen(order_id))["fulfilments"]]) != [*statuses]:
        assert monotonic() < end, f"the parts of {order_id} are {told}"
        await asyncio.sleep(0.02)


async def test_a_part_goes_on_when_pieces_that_it_waited_for_are_served_by_nobody(shop: Shop) -> None:
    """One thing after the other: what waits to be released looks after a sibling was refused, before the order does."""
    wms = Refusing(shop.back_ends.wms, refuse={"york": at_once}, released={})
    shop.back_ends = replace(shop.back_ends, wms=wms)
    shop.start_worker(slots=1)

    after = await shop.until(await shop.placed(large()))

    assert after["status"] == "completed"
    assert [part["status"] for part in after["fulfilments"]] == ["completed", "rejected"]
    assert after["lines"][0]["pieces"] == {"in_transit": 5, "cancelled": 10}


async def test_an_order_is_processed_once_a_part_was_released_while_another_was_planned(shop: Shop) -> None:
    """York releases its part while one is planned in the stead of Leeds's, and that one is refused, too."""
    await stocked(shop, "hull", pieces=10, pick=40)

    async def york_has_it(order: Order) -> None:
        await shop.until_ledger("wms", order.order_id, "shipment")

    async def planned_anew(order: Order) -> None:
        await until_parts(shop, order.order_id, "rejected", "booked", "planned")

    async def released_in_york(order: Order) -> None:
        await until_parts(shop, order.order_id, "rejected", "released", "planned")

    refuse = {"leeds": york_has_it, "hull": at_once}
    wms = Refusing(shop.back_ends.wms, refuse=refuse, released={"york": planned_anew})
    erp = Slow(shop.back_ends.erp, before={"hull": released_in_york})
    shop.back_ends = replace(shop.back_ends, wms=wms, erp=erp)
    await shop.hold_shipping(hold=True)
    shop.start_worker()
    order_id = await shop.placed(large())

    await until_parts(shop, order_id, "rejected", "released", "rejected")
    await shop.until(order_id, "processing")
    await shop.hold_shipping(hold=False)

    assert (await shop.until(order_id))["status"] == "completed"


async def test_an_order_that_is_looked_after_while_its_parts_are_booked_begins_them_once(shop: Shop) -> None:
    looked = asyncio.Event()

    async def looked_after(order: Order) -> None:
        await looked.wait()

    erp = Slow(shop.back_ends.erp, before={"leeds": looked_after, "york": looked_after})
    shop.back_ends = replace(shop.back_ends, erp=erp)
    shop.start_worker()
    order_id = await shop.placed(large())
    await until_parts(shop, order_id, "planned", "planned")
    before = await epoch(shop, order_id)

    async with shop.gate.database.transaction() as connection:
        await fulfilments.wake(connection, order_id)

    end = monotonic() + PATIENCE
    while await epoch(shop, order_id) == before:
        assert monotonic() < end, f"{order_id} was woken, and nothing came of it"
        await asyncio.sleep(0.02)
    looked.set()
    assert (await shop.until(order_id))["status"] == "completed"
