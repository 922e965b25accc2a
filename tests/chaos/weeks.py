"""Weeks that pass for orders, so that their money has to be held anew, and workers that die at each step of that."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg

from tests.chaos.checker.books import HELD, renewal_of
from tests.chaos.checker.evidence import Evidence
from tests.chaos.fleet import Fleet
from tests.chaos.room import Room
from tests.proof.processes import until

STEPS = ("hold_again", "take_over", "give_back_old")
AIMS, WITHIN = 3, 60.0  # at one step; seconds until one of so many orders' renewals is there
FEWEST = 10  # orders, whose money is held anew
SOON = 2  # seconds from now, when it is time, so that a run that sleeps has to wake by itself
# The provider holds it for longer than Omnigate thinks: whatever is slow here, no hold is over in earnest.
ALMOST_OVER: LiteralString = """
update payment set held_at = clock_timestamp() - interval '6 days',
                   expires_at = clock_timestamp() + interval '1 day' + make_interval(secs => %s)
 where order_id = any(%s) and expires_at is not null returning order_id
"""
WAKE: LiteralString = "select wake(order_id) from payment where order_id = any(%s)"
LOCK: LiteralString = "select from payment where order_id = any(%s) order by order_id for update"
BLOCKED: LiteralString = "select count(*) from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
STAND: LiteralString = """
select case when r.status = 'in_force' and back.state = 'intended' then 'give_back_old'
            when r.status = 'planned' and again.state = 'succeeded' then 'take_over'
            when r.status = 'planned' and again.state = 'intended' then 'hold_again' else '' end
  from renewal r
  left join step again on (again.run_id, again.name) = (r.renewal_id, 'hold_again')
  left join step back on (back.run_id, back.name) = (r.renewal_id, 'give_back_old')
 where r.order_id = any(%s) and r.status in ('planned', 'in_force')
"""


@dataclass(slots=True)
class Weeks:
    """`passed`: how often, by order. `cut`: renewals under way whose workers were killed, by the step they were at."""

    url: str
    fleet: Fleet
    passed: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)

    async def pass_for(self, *order_ids: str) -> None:
        """It will soon be time to hold their money anew, if it is held."""
        async with await self._connected() as connection:
            await self._passes(connection, list(order_ids), SOON)
            await connection.execute(WAKE, (list(order_ids),))

    async def killed_at_each_step(self, order_ids: Sequence[str]) -> None:
        """Of renewals of these orders, which wait for goods: all workers, by SIGKILL, at each step of some of them."""
        for at, step in enumerate(STEPS):
            for _ in range(AIMS):
                async with self.fleet.turn:
                    await self._killed_at(step, list(order_ids[at :: len(STEPS)]))
                if self.cut[step]:
                    break

    async def _killed_at(self, step: str, order_ids: list[str]) -> None:
        async with await self._connected(autocommit=False) as lock, await self._connected() as eye:
            await self._passes(eye, order_ids, 0)
            if step == "take_over":  # which is a matter of a moment, unless somebody stands in its way
                await lock.execute(LOCK, (order_ids,))
            await eye.execute(WAKE, (order_ids,))

            async def there() -> bool:
                if step == "take_over":
                    return (await (await eye.execute(BLOCKED, (lock.info.backend_pid,))).fetchone()) != (0,)
                return (step,) in await (await eye.execute(STAND, (order_ids,))).fetchall()

            with suppress(AssertionError):  # it went by unseen; there is another aim
                await until(there, what=f"a renewal is at {step}", within=WITHIN)
            await asyncio.gather(*(self.fleet.kill(worker) for worker in self.fleet.workers))
            stood = await (await eye.execute(STAND, (order_ids,))).fetchall()
            self.cut.update(name for (name,) in stood if name)
        for worker in self.fleet.workers:
            await self.fleet.start(worker)

    async def _passes(self, connection: psycopg.AsyncConnection, order_ids: list[str], until_due: int) -> None:
        cursor = await connection.execute(ALMOST_OVER, (until_due, order_ids))
        self.passed.update([row[0] for row in await cursor.fetchall()])

    async def _connected(self, *, autocommit: bool = True) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(self.url, autocommit=autocommit)


def proven(room: Room, evidence: Evidence, weeks: Weeks) -> None:
    """Money really was held anew, once for each time that it had to be, and at every step of that somebody died."""
    held = Counter(
        each.order_id
        for each in evidence.effects
        if (each.system, each.kind) == HELD and renewal_of(each.name) and each.order_id
    )
    room.hold(len(held) >= FEWEST, f"the money of {len(held)} orders was held anew: too little was proven")
    for order_id, count in held.items():
        often = weeks.passed[order_id]
        room.hold(count <= often, f"{order_id}: money was held anew {count} times, and {often} times it had to be")
    for step in STEPS:
        room.hold(weeks.cut[step] > 0, f"no worker was killed at {step}: nothing was proven")
    room.counts |= {"held anew": held.total(), "of orders": len(held)}
    room.counts |= {f"died at {step}": weeks.cut[step] for step in STEPS}
