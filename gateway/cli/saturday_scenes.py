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
class Came:
    """How a scene ended; *order_id* is the one that it was about, if it was one; *note*: what differs every time."""

    how: str
    order_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    title: str
    expected: str  # how it has to end
    play: Callable[[Town], Awaitable[Came]]


async def played(scene: Scene, town: Town) -> Came:
    """What came of it; a scene that came to no end says so."""
    came = Came("no end")
    try:
        came = await scene.play(town)
    except* Unavailable as several:
        came = Came(str(several.exceptions[0]))
    return came


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


async def split(town: Town) -> Came:
    order_id = await town.place(Want("split", WEB, {SPLIT: 9}))
    return Came(told(await town.ended(order_id)), order_id)


async def ship_from_store(town: Town) -> Came:
    order_id = await town.place(Want("from-store", MARKETPLACE, {SHIPPED: 2}))
    came = told(await town.ended(order_id))
    labels = [each for each in await town.effects("carrier", order_id) if each["kind"] == "label"]
    return Came(f"{came}; labels {len(labels)}", order_id)


async def collected(town: Town) -> Came:
    order_id = await town.place(Want("fetched", STORE, {FETCHED: 2}, LEEDS))
    await town.fetched(order_id)
    return Came(told(await town.ended(order_id)), order_id)


async def rerouted(town: Town) -> Came:
    """What the store believes to have is gone; the customer, who came for it, lets it be sent."""
    await town.tell("/wms/_lose", {"node": YORK, "sku": MISSED, "quantity": GOODS[MISSED].stock[YORK]})
    order_id = await town.place(Want("missed", WEB, {MISSED: 2}, YORK))
    await town.answer_offer(order_id, "accept")
    return Came(told(await town.ended(order_id)), order_id)


async def short_pick(town: Town) -> Came:
    """One of three is not to be found. The customer fetches two, and wants no third one from elsewhere."""
    await town.tell("/store/_rules", {"rules": [{"kind": "short", "node": LEEDS, "sku": SHORT, "by": 1, "next": 1}]})
    order_id = await town.place(Want("short", WEB, {SHORT: 3}, LEEDS))
    await town.until_effects("store", order_id, "ready", 1)
    await town.tell("/wms/_lose", {"node": LEEDS, "sku": SHORT, "quantity": 1})
    await town.answer_offer(order_id, "decline")
    await town.fetched(order_id)
    seen = await town.ended(order_id)
    pieces = ", ".join(f"{where} {count}" for where, count in sorted(seen["lines"][0]["pieces"].items()))
    return Came(f"{told(seen)}; pieces: {pieces}", order_id)


async def rush(town: Town) -> Came:
    """More customers than pieces, all at once, in all channels."""
    wants = [Want(f"rush-{number}", CHANNELS[number % len(CHANNELS)], {RUSH: 1}) for number in range(IN_THE_RUSH)]
    orders = await asyncio.gather(*(town.place(want) for want in wants))
    ends = Counter([_end(await town.ended(order_id)) for order_id in orders])
    return Came(", ".join(f"{end} {count}" for end, count in sorted(ends.items())))


def _end(order: Json) -> str:
    return f"{order['status']} ({order['reason']['code']})" if "reason" in order else str(order["status"])


async def lost_race(town: Town) -> Came:
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
    return Came(came, order_id)


async def refused_by_warehouse(town: Town) -> Came:
    rule = {"system": "wms", "operation": "create_shipment", "kind": "refuse", "next": 1}
    await town.tell("/faults", {"rules": [rule]})
    order_id = await town.place(Want("refused", MARKETPLACE, {REFUSED: 1}))
    return Came(told(await town.ended(order_id)), order_id)


REROUTED = Scene(
    "a store has it on its books only: sent, as its customer agrees",
    "completed, shipped; parts: completed 1, rejected (store_not_in_stock) 1",
    rerouted,
)
TOGETHER = (
    Scene("no node has all of it: two send a part each", "completed, shipped; parts: completed 2", split),
    Scene("only a store has it, and sends it", "completed, shipped; parts: completed 1; labels 1", ship_from_store),
    Scene("fetched in a store against the code", "completed, delivered; parts: completed 1", collected),
    REROUTED,
    Scene(
        "picked short: two are fetched, the third is not wanted from elsewhere",
        "completed, delivered; parts: completed 1; pieces: cancelled 1, delivered 2",
        short_pick,
    ),
    Scene("20 customers for 12 sledges", "completed 12, rejected (insufficient_stock) 8", rush),
)
ALONE = (  # they change what happens to everybody's parcels
    Scene(
        "cancelled when one of two parcels has left",
        "completed, shipped; cancel partial; parts: cancelled 1, completed 1",
        lost_race,
    ),
    Scene(
        "a warehouse says no, the other one serves",
        "completed, shipped; parts: completed 1, rejected (refused_by_warehouse) 1",
        refused_by_warehouse,
    ),
)
