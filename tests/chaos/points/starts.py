"""R7: one order started several times at the same moment, under keys of their own, at two edges: one run, one owner."""

import asyncio
import time
from collections import Counter

from httpx2 import HTTPError

from tests.chaos.floor import Floor, open_floor
from tests.chaos.room import PATIENT, Room
from tests.proof.client import order

AT_ONCE = 4  # starters, who wait for one another
LANES = 4


async def starts(room: Room) -> None:
    async with open_floor(room, workers=3) as floor:
        won: Counter[int] = Counter()
        numbers = iter(range(room.size["starts"]))

        async def lane() -> None:
            for number in numbers:
                won[await _one(floor, number)] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane())
        evidence = await room.judge(floor.gathering, last_fault=time.time())
        room.counts |= {"starts": room.size["starts"], "starters": AT_ONCE * room.size["starts"]}
        room.hold(set(won) == {1}, f"so many of {AT_ONCE} starters won: {dict(won)}")
        room.hold(len(evidence.orders) == room.size["starts"], f"{len(evidence.orders)} orders came of it")


async def _one(floor: Floor, number: int) -> int:
    """How many starters were told that theirs is the order."""
    body, barrier = order(f"start-{number}", number=number), asyncio.Barrier(AT_ONCE)

    async def starter(which: int) -> int:
        await barrier.wait()
        async with asyncio.timeout(PATIENT):
            while True:
                try:
                    answer = await floor.channels[which % 2].post(body, f"start-{number}-{which}")
                except HTTPError:
                    continue
                if answer.status_code in (202, 409) and "retry-after" not in answer.headers:
                    return answer.status_code
                await asyncio.sleep(0.2)

    told = await asyncio.gather(*(starter(which) for which in range(AT_ONCE)))
    return told.count(202)
