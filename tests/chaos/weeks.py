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

DECLINED = "com.omnigate.order.payment_renewal_declined.v1"
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
AT_CALLS: LiteralString = """
select s.name from renewal r join step s on s.run_id = r.renewal_id
 where r.order_id = any(%s) and r.status in ('planned', 'in_force') and s.state = 'intended'
"""
# Taking over is one transaction, of which nobody sees anything but that it is held up.
TAKING_OVER: LiteralString = """
select 'take_over' from pg_stat_activity where %s = any(pg_blocking_pids(pid)) and query like '%%set authorisation%%'
"""
STAND = {"hold_again": AT_CALLS, "take_over": TAKING_OVER, "give_back_old": AT_CALLS}


@dataclass(slots=True)
class Weeks:
    """Over one database. `passed`: how often, by order whose money was held."""

    url: str
    passed: Counter[str] = field(default_factory=Counter)

    async def pass_for(self, *order_ids: str) -> None:
        """It will soon be time to hold their money anew."""
        async with await self.connected() as connection:
            await self.pass_unseen(connection, list(order_ids), SOON)
            await connection.execute(WAKE, (list(order_ids),))

    async def pass_unseen(self, connection: psycopg.AsyncConnection, order_ids: list[str], until_due: int) -> None:
        cursor = await connection.execute(ALMOST_OVER, (until_due, order_ids))
        self.passed.update([row[0] for row in await cursor.fetchall()])

    async def connected(self, *, autocommit: bool = True) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(self.url, autocommit=autocommit)


@dataclass(slots=True)
class Deaths:
    """`amid`: renewals whose workers were killed, by the step that they were at."""

    weeks: Weeks
    fleet: Fleet
    amid: Counter[str] = field(default_factory=Counter)

    async def at_each_step(self, order_ids: Sequence[str]) -> None:
        """Of renewals of these orders, which wait for goods: all workers die, by SIGKILL."""
        for at, step in enumerate(STEPS):
            for _ in range(AIMS):
                async with self.fleet.turn:
                    await self._killed_at(step, list(order_ids[at :: len(STEPS)]))
                if self.amid[step]:
                    break

    async def _killed_at(self, step: str, order_ids: list[str]) -> None:
        async with await self.weeks.connected(autocommit=False) as lock, await self.weeks.connected() as eye:
            await self.weeks.pass_unseen(eye, order_ids, 0)
            if step == "take_over":
                await lock.execute(LOCK, (order_ids,))
            await eye.execute(WAKE, (order_ids,))

            about = lock.info.backend_pid if step == "take_over" else order_ids

            async def standing() -> list[str]:
                return [name for (name,) in await (await eye.execute(STAND[step], (about,))).fetchall()]

            async def there() -> bool:
                return step in await standing()

            with suppress(AssertionError):  # it went by unseen; there is another aim
                await until(there, what=f"a renewal is at {step}", within=WITHIN)
            await asyncio.gather(*(self.fleet.kill(worker) for worker in self.fleet.workers))
            self.amid.update(await standing())
        for worker in self.fleet.workers:
            await self.fleet.start(worker)


def proven(room: Room, evidence: Evidence, deaths: Deaths) -> None:
    """Money really was held anew, once for each time that it had to be, and at every step of that somebody died."""
    held = Counter(
        each.order_id
        for each in evidence.effects
        if (each.system, each.kind) == HELD and renewal_of(each.name) and each.order_id
    )
    room.hold(len(held) >= FEWEST, f"the money of {len(held)} orders was held anew: too little was proven")
    for order_id, count in held.items():
        often = deaths.weeks.passed[order_id]
        room.hold(count <= often, f"{order_id}: money was held anew {count} times, and {often} times it had to be")
    for step in STEPS:
        room.hold(deaths.amid[step] > 0, f"no worker was killed at {step}: nothing was proven")
    declined = sum(event.type == DECLINED for order in evidence.orders for event in order.events)
    room.counts |= {"held anew": held.total(), "of orders": len(held), "declined": declined}
    room.counts |= {f"died at {step}": deaths.amid[step] for step in STEPS}
