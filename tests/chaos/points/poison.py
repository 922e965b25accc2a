"""
R9: one order in a hundred breaks our own code whenever it is taken up: by turns in the run of a part of it, as it is
booked, and in its own, once a part has gone. It is parked with a cause; others go on.
"""

import itertools
import time
from collections import Counter
from collections.abc import Collection

from tests.chaos.builds import build
from tests.chaos.room import Room
from tests.chaos.yard import Yard, open_yard
from tests.proof.client import Acked

ONE_IN = 100
FEWEST = 2
KINDS = (OF_PART, OF_ORDER) = ("poison-part", "poison-order")  # how what the build breaks on begins
TRIES = 5


async def poison(room: Room) -> None:
    count = room.size["orders"]
    poisoned = set(room.dice("poison").sample(range(count), max(FEWEST, count // ONE_IN)))
    async with open_yard(room, build("poison", room.home)) as yard:
        kinds = dict(zip(sorted(poisoned), itertools.cycle(KINDS), strict=False))
        placed = await yard.place(f"{kinds.get(at, 'plain')}-{at}" for at in range(count))
        bad = frozenset(placed[at].order_id for at in poisoned)
        last_fault = time.time()
        await yard.stand([each for each in placed if each.order_id not in bad], "completed")
        room.counts["others completed after, s"] = round(time.time() - last_fault, 1)
        parked = await yard.parked(len(bad))
        await room.judge(yard.gathering, last_fault=last_fault, parked=bad)
        runs = {await _breaks(yard, placed[at], kind) for at, kind in kinds.items()}
        room.hold(parked == dict.fromkeys(runs, "attempts_exhausted"), f"parked: {parked}")
        _tries(room, yard, runs)
        await yard.deploy()
        await yard.retry(bad)
        await yard.stand(placed, "completed")
        await room.judge(yard.gathering, last_fault=time.time())
        room.counts |= {"orders": count, "poisoned": len(bad), "mended by a sound build": len(bad)}


async def _breaks(yard: Yard, acked: Acked, kind: str) -> str:
    """The workflow that fails."""
    return acked.order_id if kind == OF_ORDER else (await yard.parts(acked))[0]


def _tries(room: Room, yard: Yard, bad: Collection[str]) -> None:
    crashes: Counter[str] = Counter()
    for line in (yard.rig.home / "worker.log").read_text().splitlines():
        if "run crashed" in line:
            crashes.update(name for name in bad if name in line)
    room.counts["most tries"] = max(crashes.values(), default=0)
    room.hold(set(crashes) == set(bad), f"crashed: {dict(crashes)}")
    room.hold(max(crashes.values(), default=0) <= TRIES, f"tried too often: {dict(crashes)}")
