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
        told: Counter[int] = Counter()
        numbers = iter(range(room.size["starts"]))

        async def lane() -> None:
            for number in numbers:
                told[len(await _one(floor, number))] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane())
        evidence = await room.judge(floor.gathering, last_fault=time.time())
        room.counts |= {"starts": room.size["starts"], "starters": AT_ONCE * room.size["starts"]}
        room.hold(set(told) == {1}, f"starters of one order were told of so many: {dict(told)}")
        room.hold(len(evidence.orders) == room.size["starts"], f"{len(evidence.orders)} orders came of it")


async def _one(floor: Floor, number: int) -> set[str]:
    """Which orders the starters were told of; the later ones are given the first one's."""
    body, barrier = order(f"start-{number}", number=number), asyncio.Barrier(AT_ONCE)

    async def starter(which: int) -> str:
        await barrier.wait()
        async with asyncio.timeout(PATIENT):
            while True:
                try:
                    answer = await floor.channels[which % 2].post(body, f"starter-{which}-of-order-{number}")
                except HTTPError:
                    continue
                if answer.status_code == 202:
                    return str(answer.json()["order_id"])
                assert answer.status_code in (409, 503), answer.text
                await asyncio.sleep(0.2)

    return set(await asyncio.gather(*(starter(which) for which in range(AT_ONCE))))
