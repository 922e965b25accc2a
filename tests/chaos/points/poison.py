"""R9: one order in a hundred breaks our own code whenever it is taken up. It is parked with a cause; others go on."""

import time
from collections import Counter

from tests.chaos.builds import build
from tests.chaos.room import Room
from tests.chaos.yard import Yard, open_yard

ONE_IN = 100
FEWEST = 2
TRIES = 5


async def poison(room: Room) -> None:
    count = room.size["orders"]
    poisoned = set(room.dice("poison").sample(range(count), max(FEWEST, count // ONE_IN)))
    async with open_yard(room, build("poison", room.home)) as yard:
        placed = await yard.place(f"{'poison' if at in poisoned else 'plain'}-{at}" for at in range(count))
        bad = frozenset(placed[at].order_id for at in poisoned)
        last_fault = time.time()
        await yard.stand([each for each in placed if each.order_id not in bad], "completed")
        room.counts["others completed after, s"] = round(time.time() - last_fault, 1)
        parked = await yard.parked(len(bad))
        await room.judge(yard.gathering, last_fault=last_fault, parked=bad)
        room.hold(parked == dict.fromkeys(bad, "attempts_exhausted"), f"parked: {parked}")
        _tries(room, yard, bad)
        await yard.deploy()
        await yard.retry(bad)
        await yard.stand(placed, "completed")
        await room.judge(yard.gathering, last_fault=time.time())
        room.counts |= {"orders": count, "poisoned": len(bad), "mended by a sound build": len(bad)}


def _tries(room: Room, yard: Yard, bad: frozenset[str]) -> None:
    crashes: Counter[str] = Counter()
    for line in (yard.rig.home / "worker.log").read_text().splitlines():
        if "run crashed" in line:
            crashes.update(name for name in bad if name in line)
    room.counts["most tries"] = max(crashes.values(), default=0)
    room.hold(set(crashes) == bad, f"crashed: {dict(crashes)}")
    room.hold(max(crashes.values(), default=0) <= TRIES, f"tried too often: {dict(crashes)}")
