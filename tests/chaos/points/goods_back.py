"""
F1: goods come back, in parcels and in part, and are paid for, while edges and workers die by SIGKILL. The payment
provider and the ERP fail before or after they have done what they were asked for, or answer with garbage; what was told
is told again; refunds that had succeeded fail after all, and are paid anew; what is above the limit waits for a yes.

However that goes, what was found good is paid for, less its fee, and credited: once.
"""

import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from httpx2 import HTTPError

from tests.chaos.checker.evidence import Evidence
from tests.chaos.diary import Diary
from tests.chaos.floor import Buyers, Floor, open_floor
from tests.chaos.points.kills import killing, planned
from tests.chaos.room import Room
from tests.chaos.senders import Asker, Sender
from tests.chaos.staff import Staff
from tests.proof.client import Acked, Channel, Json, money, order
from tests.proof.ground import Ground
from tests.proof.processes import ROOT

PICKING = {"main": 60, "north": 5}
SHELVES = {"LAMP-7": {"main": 100_000}, "BENCH-1": {"north": 100_000}, "CHAIR-4": {"main": 100_000, "north": 100_000}}
LIMIT = 500  # minor units that go back on nobody's word
PERCENT, MOST = 15, 60  # the fee of benches
FAULTY = (("psp", "refund"), ("erp", "create_credit_memo"))
CHANCES = {
    "error_before": 0.1,
    "error_after": 0.1,
    "reset_after": 0.1,
    "garbage": 0.05,
    "delay": 0.1,
    "hang_after": 0.02,
}
PAUSE = 0.5  # seconds between two mishaps at the provider
FAIL = 0.25  # of them are late failures; the others tell again what was told
STAFF = {"ann": "approver", "bea": "approver", "fay": "finance"}


async def goods_back(room: Room) -> None:
    settings = {"OMNIGATE_POLICIES": str(policies(room.home / "policies"))}
    async with open_floor(room, ground=Ground(PICKING, SHELVES), settings=settings) as floor, floor.operators(STAFF):
        await floor.faults(*rules(), seed=room.seed)
        diary = Diary(floor.channels[0], LIMIT)
        staff = Staff(diary, {name: floor.staff[name][0] for name in STAFF})
        people = [asyncio.create_task(staff.agrees()), asyncio.create_task(staff.mends("fay"))]
        try:
            mishaps = await _played(room, floor, diary)
            last_fault, gathering = time.time(), floor.gathering
            gathering.diary = diary
            evidence = await room.judge(gathering, last_fault=last_fault)
        finally:
            for task in people:
                task.cancel()
        crashed = sum(worker.said(b"run crashed") for worker in floor.fleet.workers)
        room.hold(not crashed, f"our own code failed {crashed} times")
        room.hold(len(floor.acked) == room.size["orders"], f"{len(floor.acked)} orders were acknowledged")
        struck = (await floor.rig.sandbox.get("/faults")).json()["injected"]
        room.counts |= {"kills": floor.fleet.kills, **struck, **mishaps, **staff.done}
        _proven(room, evidence)


async def _played(room: Room, floor: Floor, diary: Diary) -> Counter[str]:
    plan, mishaps = planned(room, len(floor.fleet.places)), Counter[str]()
    buyers = Buyers(floor, room.size["orders"], plan[0].after, wish=wishes(room), then=lives(room, floor, diary))
    async with asyncio.TaskGroup() as group:
        provider = group.create_task(_provider(room, floor, mishaps))
        async with asyncio.TaskGroup() as busy:
            busy.create_task(buyers.shop())
            busy.create_task(killing(floor, buyers, plan))
        provider.cancel()
    return mishaps


def policies(folder: Path) -> Path:
    """The usual ones, with a fee on benches, and a limit that is reached by a few lamps."""
    shutil.copytree(ROOT / "policies", folder)
    limits = (folder / "approvals.yaml").read_text()
    lower, lowered = re.subn(r"(?s)(^refund:.*?GBP:\n\s+- \{up_to: )\d+", rf"\g<1>{LIMIT}", limits, count=1, flags=re.M)
    assert lowered == 1, "refunds in pounds have a limit"
    (folder / "approvals.yaml").write_text(lower)
    written = (folder / "returns.yaml").read_text()
    rule = (
        f"rules:\n  - {{name: benches, skus: [BENCH-*], days: 30, fee: percent, fee_value: {PERCENT}, fee_cap: {MOST},"
    )
    fault = " waived_for: [defective], method: mail, refund_on: inspection}\n"
    (folder / "returns.yaml").write_text(written.replace("rules:\n", rule + fault, 1))
    return folder


def fee(sku: str, reason: str) -> tuple[int, int | None]:
    """What those policies take."""
    return (PERCENT, MOST) if sku.startswith("BENCH-") and reason != "defective" else (0, None)


def rules() -> list[Json]:
    return [
        {"system": system, "operation": operation, "kind": kind, "probability": chance}
        for system, operation in FAULTY
        for kind, chance in CHANCES.items()
    ]


def wishes(room: Room) -> Callable[[int], Json]:
    """A few of each, so that a line's discount and tax are not to be divided by its pieces."""

    def wish(number: int) -> Json:
        dice = room.dice(f"wish {number}")
        chosen = dice.sample(list(SHELVES), dice.choice((1, 2, 2, 3)))
        body = order(number=number, wanted={sku: dice.choice((1, 2, 3, 5)) for sku in chosen})
        less, more = dice.randrange(1, 30), dice.randrange(1, 30)
        first, last = body["lines"][0], body["lines"][-1]
        first["discount"], last["tax"] = money(less), money(more)
        totals = body["totals"]
        totals |= {"discount": money(less), "tax": money(more)}
        totals["grand_total"] = body["payment"]["amount"] = money(totals["grand_total"]["amount"] - less + more)
        return body

    return wish


def lives(room: Room, floor: Floor, diary: Diary) -> Callable[[Channel, Acked, int], Awaitable[None]]:
    askers = [Asker("web", floor.channels), *(Asker(name, floor.staff[name]) for name in ("ann", "bea"))]

    async def then(channel: Channel, acked: Acked, number: int) -> None:
        await Sender(diary, acked, askers, room.dice(f"mind {number}"), fee).sends_back(channel)

    return then


async def _provider(room: Room, floor: Floor, mishaps: Counter[str]) -> None:
    """Says again what it said of a refund; or that it failed after all."""
    dice, sandbox = room.dice("provider"), floor.rig.sandbox
    made, after = list[str](), 0
    while True:
        await asyncio.sleep(PAUSE * (0.5 + dice.random()))
        with suppress(HTTPError):
            asked = {"after": str(after), "limit": "1000"}
            page = (await sandbox.get("/ledger/psp/effects", params=asked)).raise_for_status().json()["effects"]
            made += [row["id"] for row in page if row["kind"] == "refund"]
            after = page[-1]["sequence"] if page else after
            if not made:
                continue
            fails = dice.random() < FAIL
            refund = made[-1] if dice.random() < 0.5 else dice.choice(made)  # often of one that has hardly been done
            path = "/psp/_fail_refund" if fails else "/psp/_tell_again"
            answer = await sandbox.post(path, json={"refund_id": refund})
            mishaps["failed late" if fails else "told again"] += answer.is_success


def _proven(room: Room, evidence: Evidence) -> None:
    """How much of what is to be proven there was; none would prove nothing."""
    refunds = [refund for each in evidence.returns for refund in each.refunds]
    tranches = Counter((each.return_id, refund.tranche) for each in evidence.returns for refund in each.refunds)
    met = {
        "returns": sum(each.status == "closed" for each in evidence.returns),
        "given up": sum(each.status == "cancelled" for each in evidence.returns),
        "in two tranches": sum(tranche > 1 for _, tranche in tranches),
        "out of two captures": sum(count > 1 for count in tranches.values()),
        "refunds": len(refunds),
        "further attempts": sum(refund.attempt > 1 for refund in refunds),
        "agreed to by somebody": sum(len(each.yeses) for each in evidence.returns),
        "with pieces rejected": sum(any(count.rejected for count in each.counts) for each in evidence.returns),
        "with a fee": sum(any(line.percent for line in each.returned) for each in evidence.returns),
    }
    for what, count in met.items():
        room.hold(count > 0, f"{what}: none, so nothing was proven")
    room.counts |= met
