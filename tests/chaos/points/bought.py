"""
P1: purchase orders are written, agreed to by others, issued, revised and cancelled; suppliers confirm, change, decline
or say nothing, send goods and bill them, some twice; what comes is counted, what is billed decided about. Meanwhile edges
and workers die by SIGKILL, and the ERP and whoever carries orders to suppliers fail before or after they have done what
they were asked for, or answer with garbage.

However that goes, what is in force stands in the ERP and with its supplier: once, and nothing else does.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.chaos.checker.buying import AGREED
from tests.chaos.checker.evidence import Evidence
from tests.chaos.dock import Dock
from tests.chaos.floor import Floor, open_floor
from tests.chaos.orderbook import Orderbook
from tests.chaos.points.goods_back import CHANCES
from tests.chaos.points.kills import PACE, Kill, planned
from tests.chaos.purchasers import SKUS, Purchaser
from tests.chaos.room import PATIENT, Room
from tests.chaos.senders import Asker
from tests.chaos.supply import CODE, works
from tests.proof.client import Json
from tests.proof.ground import MAIN, Ground
from tests.proof.processes import until

STAFF = {
    **{"bob": "buyer", "bea": "buyer", "ann": "approver"},
    **{"rex": "receiver", "ray": "receiver", "pam": "accounts_payable"},
}
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
AT_ONCE = 8  # orders that are looked after


async def bought(room: Room) -> None:
    async with open_floor(room, ground=GROUND, suppliers=True) as floor, floor.operators(STAFF):
        bob, ann = (Asker(name, floor.staff[name]) for name in ("bob", "ann"))
        supplier_id = await works(floor.rig, floor.fleet.addresses[0], buyer=bob, approver=ann)
        await floor.faults(*rules(), seed=room.seed)
        orderbook = Orderbook(bob.channels[0], floor.rig.sandbox, floor.rig.environment["DATABASE_URL"], CODE)
        dock = Dock(orderbook, *_people(floor), room.dice("dock"))
        async with at_work(dock):
            await _played(room, floor, dock, supplier_id)
            last_fault, gathering = time.time(), floor.gathering
            await floor.faults()
            gathering.orderbook = orderbook
            evidence = await room.judge(gathering, last_fault=last_fault)
        crashed = sum(worker.said(b"run crashed") for worker in floor.fleet.workers)
        room.hold(not crashed, f"our own code failed {crashed} times")
        parked = await floor.gathering.parked()
        room.hold(not parked, f"needlessly parked: {dict(parked)}")
        struck = (await floor.rig.sandbox.get("/faults")).json()["injected"]
        room.counts |= {"kills": floor.fleet.kills, **struck, **dock.done}
        _proven(room, evidence)


def _people(floor: Floor) -> tuple[list[Asker], Asker, Asker]:
    receivers = [Asker(name, floor.staff[name]) for name in ("rex", "ray")]
    return receivers, Asker("pam", floor.staff["pam"]), Asker("ann", floor.staff["ann"])


def rules() -> list[Json]:
    return [
        {"system": system, "operation": operation, "kind": kind, "probability": chance}
        for system, operation in FAULTY
        for kind, chance in CHANCES.items()
    ]


@asynccontextmanager
async def at_work(dock: Dock) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in (dock.receives(), dock.decides(), dock.agrees())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for came in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(came, Exception):
                raise came


async def _played(room: Room, floor: Floor, dock: Dock, supplier_id: str) -> None:
    plan, waiting = planned(room, len(floor.fleet.places)), list(range(room.size["orders"]))

    async def buys() -> None:
        while waiting:
            number = waiting.pop(0)
            name = ("bob", "bea")[number % 2]
            buyer, dice = Asker(name, floor.staff[name]), room.dice(f"order {number}")
            await Purchaser(dock.orderbook, supplier_id, buyer, dice, dock.done).lives(f"PO-{number}")

    async with asyncio.TaskGroup() as group:
        group.create_task(_killing(floor, dock.orderbook, plan))
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
