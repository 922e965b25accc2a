"""
R9: orders that are under way while one build follows another.

v1, v2 (a step more in orders' runs and one in their parts', each a version of its own), v1 again: each order and part
ends by the steps it began with; those that began with steps which v1 does not know wait for a worker that does. Then a
build that changed the steps of a version that parts go by: every such part is parked by name, does nothing, and goes on
under the build it began with.
"""

import time
from pathlib import Path

import psycopg

from tests.chaos.builds import build
from tests.chaos.room import Room
from tests.chaos.yard import Yard, open_yard

STEPS = """
select saga || '.v' || version, count(distinct run_id), count(*) filter (where name = 'note') from step group by 1
"""


async def deploy(room: Room) -> None:
    count = room.size["orders"]
    noting, changed = build("next_version", room.home), build("same_version", room.home)
    async with open_yard(room) as yard:
        await yard.hold(hold=True)
        first = await yard.place(f"first-{at}" for at in range(count - count // 5))
        await yard.deploy(noting)
        second = await yard.place(f"second-{at}" for at in range(count // 5))
        await yard.stand(second, "processing")
        await yard.deploy()
        await yard.hold(hold=False)
        await yard.stand(first, "completed")
        await yard.deploy(noting)
        await yard.stand(second, "completed")
        await _by_their_own_steps(room, yard, len(first), len(second))
        await yard.deploy()
        await _changed_under_its_version(room, yard, changed)
        await room.judge(yard.gathering, last_fault=time.time())


async def _by_their_own_steps(room: Room, yard: Yard, first: int, second: int) -> None:
    connection = await psycopg.AsyncConnection.connect(yard.rig.environment["DATABASE_URL"], autocommit=True)
    async with connection:
        went = {row[0]: row[1:] for row in await (await connection.execute(STEPS)).fetchall()}
    older, newer = (first, 0), (second, second)
    expected = {"place_order.v4": older, "fulfil.v2": older, "place_order.v5": newer, "fulfil.v3": newer}
    room.hold(went == expected, f"runs and added steps by version are {went}, not {expected}")
    room.counts |= {"in flight": first + second, "ended by this version": first, "by the next": second}


async def _changed_under_its_version(room: Room, yard: Yard, changed: Path) -> None:
    await yard.hold(hold=True)
    third = await yard.place(f"third-{at}" for at in range(max(5, room.size["orders"] // 10)))
    await yard.stand(third, "processing")
    await yard.deploy(changed)
    await yard.hold(hold=False)
    parked = await yard.parked(len(third))
    parts = [part for each in third for part in await yard.parts(each)]
    room.hold(parked == dict.fromkeys(parts, "saga_changed"), f"parked: {parked}")
    await yard.deploy()
    await yard.retry(each.order_id for each in third)  # who names an order means the part of it that is parked
    await yard.stand(third, "completed")
    room.counts |= {"parked as saga_changed": len(parked), "and completed after retry": len(third)}
