"""The Saturday's scenes: what a customer wants, what goes wrong about it, and how it has to end."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.cli.channel import Json
from gateway.cli.saturday_goods import FETCHED, GOODS, LEEDS, MISSED, RACED, REFUSED, RUSH, SHIPPED, SHORT, SPLIT, YORK
from gateway.cli.saturday_orders import CHANNELS, MARKETPLACE, STORE, WEB, Want
from gateway.cli.saturday_town import Town
from gateway.errors import Unavailable

IN_THE_RUSH = 20  # customers, for fewer pieces


@dataclass(frozen=True, slots=True)
class Scene:
    """How it had to end, and how it did; *order_id* is the one that it was about, if it was one."""

    title: str
    expected: str
    came: str
    order_id: str = ""

    @property
    def as_it_should(self) -> bool:
        return self.came == self.expected


Play = Callable[[Town], Awaitable[Scene]]


def told(order: Json) -> str:
    """An order's end in a line, like `completed, shipped; parts: completed 1, rejected (store_damage) 1`."""
    parts = Counter(_part(part) for part in order["fulfilments"])
    facts = [", ".join(filter(None, (order["status"], order.get("fulfilment_status"))))]
    if "cancel" in order:
        facts.append(f"cancel {order['cancel']['outcome']}")
    facts.append("parts: " + ", ".join(f"{what} {count}" for what, count in sorted(parts.items())))
    return "; ".join(facts)


def _part(part: Json) -> str:
    return f"{part['status']} ({part['reason']['code']})" if "reason" in part else str(part["status"])


async def split(town: Town) -> Scene:
    order_id = await town.place(Want("split", WEB, {SPLIT: 9}))
    came = told(await town.ended(order_id))
    return Scene("no node has all of it: two send a part", "completed, shipped; parts: completed 2", came, order_id)


async def ship_from_store(town: Town) -> Scene:
    order_id = await town.place(Want("from-store", MARKETPLACE, {SHIPPED: 2}))
    came = told(await town.ended(order_id))
    labels = [each for each in await town.effects("carrier", order_id) if each["kind"] == "label"]
    expected = "completed, shipped; parts: completed 1; labels 1"
    return Scene("only a store has it, and sends it", expected, f"{came}; labels {len(labels)}", order_id)


async def collected(town: Town) -> Scene:
    order_id = await town.place(Want("fetched", STORE, {FETCHED: 2}, LEEDS))
    await town.fetched(order_id)
    came = told(await town.ended(order_id))
    return Scene("fetched in a store against the code", "completed, delivered; parts: completed 1", came, order_id)


async def rerouted(town: Town) -> Scene:
    """What the store believes to have is gone; the customer, who came for it, lets it be sent."""
    await town.tell("/wms/_lose", {"node": YORK, "sku": MISSED, "quantity": GOODS[MISSED].stock[YORK]})
    order_id = await town.place(Want("missed", WEB, {MISSED: 2}, YORK))
    await town.answer_offer(order_id, "accept")
    expected = "completed, shipped; parts: completed 1, rejected (store_not_in_stock) 1"
    title = "a store has it on its books only: sent, as its customer agrees"
    return Scene(title, expected, told(await town.ended(order_id)), order_id)


async def short_pick(town: Town) -> Scene:
    """One of three is not to be found. The customer fetches two, and wants no third one from elsewhere."""
    await town.tell("/store/_rules", {"rules": [{"kind": "short", "node": LEEDS, "sku": SHORT, "by": 1, "next": 1}]})
    order_id = await town.place(Want("short", WEB, {SHORT: 3}, LEEDS))
    await town.until_effects("store", order_id, "ready", 1)
    await town.tell("/wms/_lose", {"node": LEEDS, "sku": SHORT, "quantity": 1})
    await town.answer_offer(order_id, "decline")
    await town.fetched(order_id)
    seen = await town.ended(order_id)
    expected = "completed, delivered; parts: completed 1; pieces: cancelled 1, delivered 2"
    pieces = ", ".join(f"{where} {count}" for where, count in sorted(seen["lines"][0]["pieces"].items()))
    title = "picked short: two are fetched, one is not wanted"
    return Scene(title, expected, f"{told(seen)}; pieces: {pieces}", order_id)


async def rush(town: Town) -> Scene:
    """More customers than pieces, all at once, in all channels."""
    wants = [Want(f"rush-{number}", CHANNELS[number % len(CHANNELS)], {RUSH: 1}) for number in range(IN_THE_RUSH)]
    orders = await asyncio.gather(*(town.place(want) for want in wants))
    ends = Counter([_end(await town.ended(order_id)) for order_id in orders])
    there = sum(GOODS[RUSH].stock.values())
    expected = f"completed {there}, rejected (insufficient_stock) {IN_THE_RUSH - there}"
    came = ", ".join(f"{end} {count}" for end, count in sorted(ends.items()))
    return Scene(f"{IN_THE_RUSH} customers for {there} sledges", expected, came)


def _end(order: Json) -> str:
    return f"{order['status']} ({order['reason']['code']})" if "reason" in order else str(order["status"])


async def lost_race(town: Town) -> Scene:
    """The customer thinks better of it when one of two parcels has left."""
    await town.tell("/wms/_hold", {"hold": True})
    try:
        order_id = await town.place(Want("raced", WEB, {RACED: 6}))
        parcels = await town.until_effects("wms", order_id, "shipment", 2)
        await town.tell("/wms/_ship", {"shipment_id": parcels[0]["id"]})
        await town.until_effects("erp", order_id, "invoice", 1)
        refused = await town.channels[WEB].cancel(order_id, "changed my mind")
        if refused is not None:
            raise Unavailable(f"the cancel was refused: {refused.code}")
        came = told(await town.ended(order_id))
    finally:
        await town.tell("/wms/_hold", {"hold": False})
    expected = "completed, shipped; cancel partial; parts: cancelled 1, completed 1"
    return Scene("cancelled when one of two parcels has left", expected, came, order_id)


async def refused_by_warehouse(town: Town) -> Scene:
    rule = {"system": "wms", "operation": "create_shipment", "kind": "refuse", "next": 1}
    await town.tell("/faults", {"rules": [rule]})
    order_id = await town.place(Want("refused", MARKETPLACE, {REFUSED: 1}))
    came = told(await town.ended(order_id))
    expected = "completed, shipped; parts: completed 1, rejected (refused_by_warehouse) 1"
    return Scene("a warehouse says no, the other one serves", expected, came, order_id)


TOGETHER: tuple[Play, ...] = (split, ship_from_store, collected, rerouted, short_pick, rush)
ALONE: tuple[Play, ...] = (lost_race, refused_by_warehouse)  # they change what happens to everybody's parcels
