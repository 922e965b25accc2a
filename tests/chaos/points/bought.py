"""
P1: purchase orders are written, agreed to by others, issued, revised and cancelled; suppliers confirm, change, decline
or say nothing, send goods and bill them, some twice; what comes is counted, what is billed decided about. Meanwhile
edges and workers die by SIGKILL, and the ERP and whoever carries orders to suppliers fail before or after they have
done what they were asked for, or answer with garbage.

However that goes, what is in force stands in the ERP and with its supplier once, and nothing else does; what came and
what was rightly billed is posted once.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from tests.chaos.checker.buying import AGREED
from tests.chaos.checker.evidence import Evidence
from tests.chaos.floor import Floor, open_floor
from tests.chaos.market import STAFF, Market, open_market
from tests.chaos.orderbook import Orderbook
from tests.chaos.points.kills import PACE, Kill, planned
from tests.chaos.purchasers import SKUS
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Json
from tests.proof.ground import MAIN, Ground
from tests.proof.processes import until

GROUND = Ground({MAIN: 60}, {sku: {MAIN: 0} for sku in SKUS})
FAULTY = (
    ("erp", "create_purchase_order"),
    ("erp", "cancel_purchase_order"),
    ("erp", "create_goods_receipt"),
    ("erp", "create_supplier_bill"),
    ("supplier", "take_message"),
    ("supplier", "take_reminder"),
    ("supplier", "withdraw_message"),
)
CHANCES = {"error_before": 0.1, "error_after": 0.1, "reset_after": 0.1, "garbage": 0.05, "delay": 0.1}
AT_ONCE = 8  # orders that are looked after


async def bought(room: Room) -> None:
    async with open_floor(room, ground=GROUND, suppliers=True) as floor, floor.operators(STAFF):
        async with open_market(floor.rig, floor.fleet.addresses[0], floor.staff, room.dice("dock")) as market:
            await floor.faults(*rules(), seed=room.seed)
            await _played(room, floor, market)
            last_fault, gathering = time.time(), floor.gathering
            gathering.orderbook = market.orderbook
            evidence = await room.judge(gathering, last_fault=last_fault)
        crashed = sum(worker.said(b"run crashed") for worker in floor.fleet.workers)
        room.hold(not crashed, f"our own code failed {crashed} times")
        parked = await floor.gathering.parked()
        room.hold(not parked, f"needlessly parked: {dict(parked)}")
        struck = (await floor.rig.sandbox.get("/faults")).json()["injected"]
        room.counts |= {"kills": floor.fleet.kills, **struck, **market.done}
        _proven(room, evidence)


def rules() -> list[Json]:
    return [
        {"system": system, "operation": operation, "kind": kind, "probability": chance}
        for system, operation in FAULTY
        for kind, chance in CHANCES.items()
    ]


async def _played(room: Room, floor: Floor, market: Market) -> None:
    plan, waiting = planned(room, len(floor.fleet.places)), list(range(room.size["orders"]))

    async def buys() -> None:
        while waiting:
            number = waiting.pop(0)
            await market.buys(number, room.dice(f"order {number}"))

    async with asyncio.TaskGroup() as group:
        group.create_task(_killing(floor, market.orderbook, plan))
        for _ in range(AT_ONCE):
            group.create_task(buys())


async def _killing(floor: Floor, orderbook: Orderbook, plan: Sequence[Kill]) -> None:
    """Each after so many orders were issued."""
    for kill in plan:

        async def issued(after: int = kill.after) -> bool:
            return orderbook.issued >= after

        await until(issued, what=f"{kill.after} orders are issued", within=PATIENT)
        await floor.fleet.killed_and_back(floor.fleet.places[kill.place])
        await asyncio.sleep(PACE)


def _proven(room: Room, evidence: Evidence) -> None:
    """How much of what is to be proven there was; none would prove nothing."""
    kinds = Counter((each.system, each.kind) for each in evidence.effects)
    invoices = Counter(each.status for each in evidence.invoices)
    met = {
        "purchase orders": len(evidence.purchases),
        "agreed to": sum(each.status in AGREED for each in evidence.purchases),
        "given up": sum(each.status == "cancelled" for each in evidence.purchases),
        "agreed to otherwise": sum(any(one.agreed for one in each.revisions) for each in evidence.purchases),
        "revised": sum(sum(not one.agreed for one in each.revisions) > 1 for each in evidence.purchases),
        "reminded": kinds["supplier", "reminder"],
        "taken back": kinds["erp", "purchase_cancel"],
        "withdrawn": kinds["supplier", "withdrawal"],
        "receipts": sum(len(each.receipts) for each in evidence.purchases),
        "invoices posted": invoices["posted"],
        "invoices rejected": invoices["rejected"],
    }
    for what, count in met.items():
        room.hold(count > 0, f"{what}: none, so nothing was proven")
    room.hold(met["purchase orders"] == room.size["orders"], f"{met['purchase orders']} orders were written")
    room.counts |= met
