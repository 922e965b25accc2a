"""What may happen between a call and its answer: a cancel, a shipment, both; in no order is a run stuck."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gateway.domain.orders import Address, Order
from gateway.ports import Effect, Wms
from tests.journeys.shop import Shop, order

pytestmark = pytest.mark.proof


class Interrupted:
    """A warehouse to which something happens after it has released or cancelled, before we hear of it."""

    def __init__(self, wms: Wms, *, released: Callable[[str], Awaitable[object]] | None = None) -> None:
        self._wms, self._released = wms, released
        self.manifest = wms.manifest
        self.find, self.shipment, self.stock = wms.find, wms.shipment, wms.stock
        self.cancelled: Callable[[str], Awaitable[object]] | None = None

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        effect = await self._wms.release(order, ship_to, key=key)
        if self._released is not None:
            await self._released(order.order_id)
        return effect

    async def cancel(self, shipment: str, *, key: str) -> Effect:
        effect = await self._wms.cancel(shipment, key=key)
        if self.cancelled is not None:
            await self.cancelled(key.partition(":")[0])
        return effect


async def interrupt(shop: Shop, wms: Interrupted) -> None:
    await shop.stop_workers()
    shop.back_ends = replace(shop.back_ends, wms=wms)
    shop.start_worker()


async def test_a_cancel_and_a_shipment_while_the_release_is_under_way_end_the_order(shop: Shop) -> None:
    async def shipped_and_cancelled(order_id: str) -> None:
        await shop.until_ledger("wms", order_id, "shipped")
        await shop.cancel(order_id)

    await shop.fault("wms", "create_shipment", "late_callback")
    await interrupt(shop, Interrupted(shop.back_ends.wms, released=shipped_and_cancelled))

    document = await shop.until(await shop.placed(order()))

    assert (document["status"], document["cancel"]["outcome"]) == ("completed", "too_late")


async def test_a_shipment_told_while_everything_is_undone_is_an_operators_matter(shop: Shop) -> None:
    wms = Interrupted(shop.back_ends.wms)
    wms.cancelled = shop.say_shipped
    await shop.hold_shipping(hold=True)
    await interrupt(shop, wms)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")

    await shop.cancel(order_id)

    assert (await shop.until_parked(order_id))["code"] == "shipped_after_cancelled"
    assert (await shop.until(order_id))["status"] == "cancelled"


async def test_a_release_that_nobody_had_heard_of_counts_when_it_cannot_be_taken_back(shop: Shop) -> None:
    """The way back finds the goods gone: the order goes forward, through the status that the release has earned."""
    await shop.stop_workers()
    await shop.fault("wms", "create_shipment", "error_after")
    await shop.fault("wms", "find_effects", "error_before", 1_000)
    shop.start_worker()
    order_id = await shop.placed(order())
    await shop.until_ledger("wms", order_id, "shipped")
    await shop.park_by_deadline(order_id)
    await shop.sandbox.delete("/faults")

    await shop.desk().abandon(order_id, evidence="nobody answers")

    assert (await shop.until(order_id))["status"] == "completed"
