"""
O1: orders that no node has all of, for goods that are few, while edges and workers die by SIGKILL, a warehouse refuses
one release in eight, and one customer in five changes their mind: at once, once something is booked, or released.

Whatever becomes of each part, no piece goes twice, none is sold that is not there at its node, and each is paid for.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from httpx2 import HTTPError

from tests.chaos.checker.evidence import Evidence, Order
from tests.chaos.floor import Buyers, open_floor
from tests.chaos.points.kills import killing, planned
from tests.chaos.reading import told
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Acked, Channel, Json, order
from tests.proof.ground import Ground
from tests.proof.processes import until

PICKING = {"main": 60, "north": 5, "south": 10, "east": 20}
# What lies where, as a share of what is wanted of it: together a little less than all, and sofas never beside tables.
SHARES = {
    "SOFA-2": {"north": 0.5, "south": 0.4},
    "TABLE-3": {"east": 0.5, "main": 0.4},
    "CHAIR-4": {"north": 0.2, "south": 0.2, "east": 0.2, "main": 0.3},
}
EACH = 1.5  # pieces of each article that an order wants, about
REFUSED, LATE = 0.125, 0.25  # of releases
FICKLE = 5  # every so many customers change their mind
MOMENTS = ("received", "booked", "released")


async def parts(room: Room) -> None:
    async with open_floor(room, ground=ground(room.size["orders"])) as floor:
        release = {"system": "wms", "operation": "create_shipment"}
        rules = ({"kind": "refuse", "probability": REFUSED}, {"kind": "delay", "delay": 0.5, "probability": LATE})
        await floor.faults(*({**release, **rule} for rule in rules), seed=room.seed)
        plan = planned(room, len(floor.fleet.places))
        buyers = Buyers(floor, room.size["orders"], plan[0].after, wish=wishes(room), then=regrets(room))
        async with asyncio.TaskGroup() as group:
            group.create_task(buyers.shop())
            group.create_task(killing(floor, buyers, plan))
        last_fault = time.time()
        evidence = await room.judge(floor.gathering, last_fault=last_fault)
        crashed = sum(worker.said(b"run crashed") for worker in floor.fleet.workers)
        room.hold(not crashed, f"our own code failed {crashed} times")
        room.hold(len(floor.acked) == room.size["orders"], f"{len(floor.acked)} orders were acknowledged")
        room.counts |= {"kills": floor.fleet.kills}
        _proven(room, evidence)


def ground(orders: int) -> Ground:
    wanted = orders * EACH
    return Ground(
        PICKING, {sku: {node: int(share * wanted) for node, share in at.items()} for sku, at in SHARES.items()}
    )


def wishes(room: Room) -> Callable[[int], Json]:
    """From one piece of one article to a few of each."""

    def wish(number: int) -> Json:
        dice = room.dice(f"wish {number}")
        chosen = dice.sample(list(SHARES), dice.choice((1, 2, 3, 3)))
        return order(number=number, wanted={sku: dice.choice((1, 1, 2, 3, 4)) for sku in chosen})

    return wish


def regrets(room: Room) -> Callable[[Channel, Acked, int], Awaitable[None]]:
    async def then(channel: Channel, acked: Acked, number: int) -> None:
        dice = room.dice(f"mind {number}")
        if number % FICKLE == FICKLE - 1:
            await _stands(channel, acked, dice.choice(MOMENTS))
            await _cancelled(channel, acked, dice)

    return then


async def _stands(channel: Channel, acked: Acked, moment: str) -> None:
    """A part of it has come as far, or the order has ended."""

    async def so() -> bool:
        document = await told(channel, f"/v1/orders/{acked.order_id}")
        standing = {part["status"] for part in document["fulfilments"]}
        return moment == "received" or moment in standing or "cancel" not in document["allowed_actions"]

    await until(so, what=f"{acked.order_id} is {moment}", within=PATIENT, pause=0.05)


async def _cancelled(channel: Channel, acked: Acked, dice: random.Random) -> None:
    """Asked for until there is an answer; too late is one, too."""
    key = f"cancel-{dice.getrandbits(64):016x}"

    async def answered() -> bool:
        with suppress(HTTPError):
            answer = await channel.post({"reason": "bought elsewhere"}, key, to=f"/v1/orders/{acked.order_id}/cancel")
            return answer.is_success or not answer.json()["retryable"]
        return False

    await until(answered, what=f"a cancel of {acked.order_id} is answered", within=PATIENT, pause=0.2)


def _proven(room: Room, evidence: Evidence) -> None:
    """How many orders met what is to be proven; none would prove nothing."""
    met = {
        "in several parts": sum(_count(each, "completed") > 1 for each in evidence.orders),
        "served from elsewhere": sum(
            _count(each, "rejected") * _count(each, "completed") > 0 for each in evidence.orders
        ),
        "cancelled": sum(each.status == "cancelled" for each in evidence.orders),
        "cancelled in part": sum(_count(each, "cancelled") * _count(each, "completed") > 0 for each in evidence.orders),
    }
    for what, count in met.items():
        room.hold(count > 0, f"no order was {what}: nothing was proven")
    ends = {end: sum(each.status == end for each in evidence.orders) for end in ("completed", "rejected")}
    room.counts |= {**ends, **met, "parts": sum(len(each.parts) for each in evidence.orders)}


def _count(order: Order, *statuses: str) -> int:
    return sum(part.status in statuses for part in order.parts)
