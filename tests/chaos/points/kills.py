"""R1: edges and workers die by SIGKILL, again and again, while orders come in."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.floor import Buyers, Floor, open_floor
from tests.chaos.room import Room

PACE = 1.0  # seconds between two kills at least: who takes over a dead worker's runs needs a while
AHEAD = 2  # buyers may be this many kills ahead, so that there is always work under way


@dataclass(frozen=True, slots=True)
class Kill:
    """Who dies, and after how many acknowledgements."""

    place: int
    after: int


def planned(room: Room, places: int) -> list[Kill]:
    dice, each = room.dice("kills"), room.size["orders"] / room.size["kills"]
    return [Kill(dice.randrange(places), int(number * each)) for number in range(1, room.size["kills"] + 1)]


async def kills(room: Room) -> None:
    async with open_floor(room) as floor:
        plan = planned(room, len(floor.fleet.places))
        buyers = Buyers(floor, room.size["orders"], allowed=plan[0].after)
        async with asyncio.TaskGroup() as group:
            group.create_task(buyers.shop())
            group.create_task(killing(floor, buyers, plan))
        last_fault = time.time()
        await room.judge(floor.gathering, last_fault=last_fault)
        killed = Counter(floor.fleet.places[kill.place].command for kill in plan)
        room.counts |= {"kills": floor.fleet.kills, "of edges": killed["serve"], "of workers": killed["worker"]}
        room.hold(len(floor.acked) == room.size["orders"], f"{len(floor.acked)} orders were acknowledged")


async def killing(floor: Floor, buyers: Buyers, plan: Sequence[Kill]) -> None:
    """Each kill after so many orders; buyers wait for it, so that there is always work under way."""
    for number, kill in enumerate(plan):
        ahead = plan[min(number + AHEAD, len(plan) - 1)].after
        buyers.allowed = ahead if number + AHEAD < len(plan) else buyers.count
        await floor.until_placed(kill.after - 1 if kill.after >= buyers.count else kill.after)
        await floor.fleet.killed_and_back(floor.fleet.places[kill.place])
        await asyncio.sleep(PACE)
