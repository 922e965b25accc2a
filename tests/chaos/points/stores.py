"""
O2: orders that are fetched in stores or sent from there, offers, and orders that wait for goods, while edges and
workers die by SIGKILL. Stores reject, come short, say nothing; customers agree, decline, say nothing, come with their
code, with a wrong one, twice, never, or as they cancel; goods arrive a few at a time for orders that wait for more.
Weeks pass meanwhile, so that money is held anew, while its provider is slow or its answers are lost; workers die at
each step of that.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.chaos.checker.books import gone
from tests.chaos.checker.evidence import Evidence
from tests.chaos.customers import Customer, fetched_from
from tests.chaos.floor import Buyers, Floor, open_floor
from tests.chaos.gather import FETCHED
from tests.chaos.lines import Line
from tests.chaos.points.kills import killing, planned
from tests.chaos.room import PATIENT, Room
from tests.chaos.weeks import Deaths, Weeks, proven
from tests.proof.client import END_STATES, Acked, Channel, Json, order
from tests.proof.ground import Ground
from tests.proof.processes import until

STORES, AWAITED = ("york", "hull"), "STOOL-6"
PICKING = {"main": 60, "north": 20, "york": 5, "hull": 10}
QUEUED = 6  # one order in so many waits for goods: those that come first, so that all are known before any arrive
KINDS = ("bopis", "bopis", "curbside", "ship_to_home", "jumper")
MOST_DELIVERIES, FEW = 12, 8
FICKLE = 7  # every so many customers change their mind before anything is ready
MOODS = 0.5  # seconds after which stores are in another mood
REASONS = ("mismatch", "damage", "worn_display", "no_variance")
TROUBLES: tuple[Json, ...] = (
    {"system": "carrier", "operation": "create_label", "kind": "delay", "delay": 0.7, "probability": 0.5},
    {"system": "store", "operation": "create_task", "kind": "duplicate_callback", "probability": 0.2},
    {"system": "store", "operation": "create_task", "kind": "late_callback", "delay": 1.5, "probability": 0.1},
    {"system": "psp", "operation": "authorise", "kind": "refuse", "probability": 0.08},  # the first time, or again
    *(
        {"system": "psp", "operation": operation, **trouble}
        for operation in ("authorise", "capture", "void")
        for trouble in (
            {"kind": "delay", "delay": 0.7, "probability": 0.5},
            {"kind": "error_after", "probability": 0.1},
        )
    ),
)


async def stores(room: Room) -> None:
    async with open_floor(room, ground=ground(room.size["orders"])) as floor:
        await floor.faults(*TROUBLES, seed=room.seed)
        plan = planned(room, len(floor.fleet.places))
        deaths = Deaths(Weeks(floor.rig.environment["DATABASE_URL"]), floor.fleet)
        buyers = Buyers(
            floor, room.size["orders"], plan[0].after, wish=wishes(room), then=lives(room, floor, deaths.weeks)
        )
        line = Line(floor.rig, floor.channels[0], AWAITED)
        async with asyncio.TaskGroup() as group:
            moods = group.create_task(_moods(room, floor))
            group.create_task(_arriving(room, floor, line, deaths))
            async with asyncio.TaskGroup() as busy:
                busy.create_task(buyers.shop())
                busy.create_task(killing(floor, buyers, plan))
            moods.cancel()
        last_fault, gathering = time.time(), floor.gathering
        gathering.queues = line.queues
        evidence = await room.judge(gathering, last_fault=last_fault)
        crashed = sum(worker.said(b"run crashed") for worker in floor.fleet.workers)
        room.hold(not crashed, f"our own code failed {crashed} times")
        room.hold(len(floor.acked) == room.size["orders"], f"{len(floor.acked)} orders were acknowledged")
        room.counts |= {"kills": floor.fleet.kills}
        _proven(room, evidence)
        proven(room, evidence, deaths)


def ground(orders: int) -> Ground:
    everywhere = dict.fromkeys(STORES, 3 * orders)
    lies = {"LAMP-7": {**everywhere, "main": orders}, "VASE-5": everywhere, AWAITED: {"main": 0, "north": 0}}
    return Ground(PICKING, lies, STORES)


def wishes(room: Room) -> Callable[[int], Json]:
    def wish(number: int) -> Json:
        dice = room.dice(f"wish {number}")
        if number < room.size["orders"] // QUEUED:
            return order(number=number, wanted={AWAITED: dice.choice((1, 2, 3))}) | {"when_short": "backorder"}
        kind, pieces = dice.choice(KINDS), dice.choice((1, 2, 3))
        if kind == "jumper":
            return order(number=number, wanted={AWAITED: pieces, "VASE-5": 1}) | {"when_short": "cancel_lines"}
        if kind == "ship_to_home":
            return order(number=number, wanted={"VASE-5": pieces}) | {"when_short": "cancel_lines"}
        store, sku = dice.choice(STORES), dice.choice(("LAMP-7", "VASE-5"))
        return fetched_from(store, number, sku=sku, method=kind, sent=dice.random() < 0.5)

    return wish


def lives(room: Room, floor: Floor, weeks: Weeks) -> Callable[[Channel, Acked, int], Awaitable[None]]:
    async def then(channel: Channel, acked: Acked, number: int) -> None:
        dice = room.dice(f"mind {number}")
        customer = Customer(floor.rig, channel, acked, dice, weeks)
        if number % FICKLE == FICKLE - 1:
            await asyncio.sleep(dice.choice((0.0, 0.5, 1.0, 1.5, 2.0)))
            await customer.cancels()
        if number >= room.size["orders"] // QUEUED:
            await customer.lives()

    return then


async def _moods(room: Room, floor: Floor) -> None:
    """Whichever tasks come next meet the one that reigns then."""
    dice = room.dice("moods")
    while True:
        kind = dice.choice(("reject", "reject_late", "short", "silence"))
        about = {"reason": dice.choice(REASONS)} if kind.startswith("reject") else {"by": 1} if kind == "short" else {}
        rule = {"kind": kind, "node": dice.choice(STORES), "next": 1, **about}
        (await floor.rig.sandbox.post("/store/_rules", json={"rules": [rule]})).raise_for_status()
        await asyncio.sleep(MOODS * (0.5 + dice.random()))


async def _arriving(room: Room, floor: Floor, line: Line, deaths: Deaths) -> None:
    """Weeks later goods come in for the orders that wait, less than they wait for, until nobody waits."""
    dice = room.dice("arrivals")
    queued = room.size["orders"] // QUEUED

    async def all_placed() -> bool:
        line.orders = [each.order_id for each in floor.acked if each.body.get("when_short") == "backorder"]
        return len(line.orders) == queued

    await until(all_placed, what=f"{queued} orders that may wait are acknowledged", within=PATIENT, pause=0.2)
    await line.forms()
    await deaths.at_each_step([order_id for order_id, _ in line.queues[-1].waiting])
    for _ in range(MOST_DELIVERIES):
        if not line.wanted:
            break
        waiting = [order_id for order_id, _ in line.queues[-1].waiting]
        await deaths.weeks.pass_for(*dice.sample(waiting, len(waiting) // 2))  # as their goods come
        pieces = max(1, line.wanted // dice.choice((2, 3))) if line.wanted > FEW else line.wanted
        await line.served(dice.choice(("main", "north")), pieces)
    room.hold(not line.wanted, "orders wait for goods in the end")


def _proven(room: Room, evidence: Evidence) -> None:
    """How many parts and orders met what is to be proven; none would prove nothing."""
    effects = Counter((each.system, each.kind) for each in evidence.effects)
    parts = [part for each in evidence.orders for part in each.parts]
    tills = [each for each in evidence.exchanges if each.operation == "collect"]
    offers = Counter(event.type for each in evidence.orders for event in each.events if ".offer" in event.type)
    picked = [each for each in evidence.effects if (each.system, each.kind) == ("store", "ready")]
    met = {
        "fetched": sum(part.method in FETCHED and part.status == "completed" for part in parts),
        "never fetched": sum(part.method in FETCHED and part.status == "rejected" for part in parts),
        "sent by a store": effects["carrier", "label"] - effects["carrier", "void"],
        "rejected by a store": effects["store", "rejected"],
        "picked short": sum(gone(each) != each.lines for each in picked),
        "taken back from a store": effects["store", "cancel"],
        "refused at the till": sum(each.status in (409, 422, 403) for each in tills),
        "waited for goods": len(evidence.queues[0].waiting),
        **offers,
    }
    room.counts["labels voided"] = effects["carrier", "void"]
    for what, count in met.items():
        room.hold(count > 0, f"nothing was {what}: nothing was proven")
    ends = {end: sum(each.status == end for each in evidence.orders) for end in END_STATES}
    room.counts |= {**ends, **met, "parts": len(parts), "looks at the queue": len(evidence.queues)}
