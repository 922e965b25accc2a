"""R7: workers stopped for longer than a lease, amid calls. Who wakes too late writes nothing and sends nothing."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from signal import SIGCONT, SIGSTOP

import psycopg

from tests.chaos.fleet import Place
from tests.chaos.floor import Buyers, Floor, open_floor
from tests.chaos.ledgers import is_effect, rows
from tests.chaos.room import Room
from tests.proof.processes import until

WORKERS, AT_ONCE = 4, 2  # so many of them are stopped together
LONGER_THAN_A_LEASE = 8.5  # seconds; a lease is 6
CROWD = 24  # orders placed before each stop
SLOW = {"system": "*", "operation": "*", "kind": "delay", "delay": 0.5, "probability": 0.7}
IN_TRANSIT = timedelta(seconds=5)  # a busy sandbox reads late; a zombie would come later still
SENT = """
select step.operation_key, attempt.begun_at, attempt.send_by
  from attempt join step on step.run_id = attempt.run_id and step.name = attempt.step
 where attempt.call in ('do', 'undo')
"""


async def pauses(room: Room) -> None:
    async with open_floor(room, workers=WORKERS) as floor:
        await floor.faults(SLOW, seed=room.seed)
        rounds = -(-room.size["pauses"] // AT_ONCE)
        for number in range(rounds):
            left = min(AT_ONCE, room.size["pauses"] - number * AT_ONCE)
            await _paused(floor, room.dice(f"round {number}").sample(floor.fleet.workers, left), number)
        await floor.faults()
        last_fault = time.time()
        await room.judge(floor.gathering, last_fault=last_fault)
        refused = sum(worker.said(b"run lost") for worker in floor.fleet.workers)
        late = await _late(floor)
        room.counts |= {"pauses": room.size["pauses"], "stale writes refused": refused, "sent too late": len(late)}
        room.hold(refused > 0, "no stale write was refused: nothing was proven")
        room.hold(not late, f"sent after send_by: {', '.join(late[:5])}")


async def _paused(floor: Floor, workers: Sequence[Place], number: int) -> None:
    buyers = Buyers(floor, (number + 1) * CROWD, (number + 1) * CROWD, number * CROWD)
    before = sum(worker.said(b'"call"') for worker in workers)
    shopping = asyncio.create_task(buyers.shop())

    async def at_work() -> bool:
        return sum(worker.said(b'"call"') for worker in workers) > before + len(workers)

    await until(at_work, what="workers are amid calls", within=120)
    for worker in workers:
        worker.send(SIGSTOP)
    await asyncio.sleep(LONGER_THAN_A_LEASE)
    for worker in workers:
        worker.send(SIGCONT)
    await shopping


async def _late(floor: Floor) -> list[str]:
    """Keys under which a back end got a call that no intent allowed at that time."""
    connection = await psycopg.AsyncConnection.connect(floor.rig.environment["DATABASE_URL"], autocommit=True)
    async with connection:
        sent = await (await connection.execute(SENT)).fetchall()
    allowed: dict[str, list[tuple[datetime, datetime]]] = {}
    for key, begun, send_by in sent:
        allowed.setdefault(key, []).append((begun - IN_TRANSIT, send_by + IN_TRANSIT))
    attempts = [row for row in await rows(floor.rig.sandbox, "attempts") if is_effect(row)]
    return [
        name
        for row in attempts
        if (name := str(row["key"] or row["reference"]))
        and not any(
            first <= datetime.fromisoformat(row["received_at"]) <= last for first, last in allowed.get(name, ())
        )
    ]
