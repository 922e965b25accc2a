"""Authorisations that are held anew, inside the caller's transaction, which has locked the order's run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.sourcing_policy import MoneyTerms
from gateway.store.pool import Connection

# Of a payment `m`. A hold of less than two seconds is none that could be renewed in time.
_RENEWABLE: LiteralString = "coalesce(m.expires_at - m.held_at > interval '2 s', m.expires_at is not null)"
# The tries that were declined since the authorisation in force was made.
_DECLINED: LiteralString = """
    select count(*) as tries, max(n.updated_at) as last, coalesce(bool_or(n.given_up), false) as given_up
      from renewal n where n.order_id = m.order_id and n.status = 'declined'
       and n.number > coalesce((select max(r.number) from renewal r
                                 where r.order_id = m.order_id and r.status = 'renewed'), 0)"""


@dataclass(frozen=True, slots=True)
class Renewal:
    renewal_id: str
    order_id: str
    number: int
    status: str
    amount: int  # minor units
    instead_of: str
    left_there: int | None = None
    until: datetime | None = None

    @property
    def under_way(self) -> bool:
        return self.status in ("planned", "cancel_requested", "in_force")


async def latest(connection: Connection, order_id: str) -> Renewal | None:
    """The order's last one: no other can be under way."""
    cursor = await connection.execute(f"{_READ} where order_id = %s order by number desc limit 1", (order_id,))
    row = await cursor.fetchone()
    return Renewal(*row) if row else None


async def in_force(connection: Connection, order_id: str) -> str:
    """The authorisation that the order's money is taken of."""
    cursor = await connection.execute(_IN_FORCE, (order_id,))
    row = await cursor.fetchone()
    assert row is not None, "nothing is renewed that was not held"
    return str(row[0])


_IN_FORCE = """
select coalesce(m.authorisation, s.effect ->> 'id')
  from payment m join step s on s.run_id = m.order_id and s.name = 'hold_money' where m.order_id = %s
"""


_READ = "select renewal_id, order_id, number, status, amount, instead_of, left_there, until from renewal"


async def load(connection: Connection, renewal_id: str) -> Renewal:
    cursor = await connection.execute(f"{_READ} where renewal_id = %s for no key update", (renewal_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{renewal_id} was planned together with its run"
    return Renewal(*row)


async def seconds_until_due(connection: Connection, order_id: str, terms: MoneyTerms) -> int | None:
    """Until it is time to hold the order's money anew, by the database's clock; 0: it is. None: it never is, since
    nobody said until when it is held, or a person has to decide first."""
    values = {"order": order_id, **terms.intervals()}
    row = await (await connection.execute(_DUE, values)).fetchone()
    return int(row[0]) if row else None


# Never before half the hold is over: what is held for less than `renew_before_minutes` would be renewed without end.
_DUE = f"""
select greatest(0, ceil(extract(epoch from greatest(
           m.expires_at - make_interval(secs => %(before)s),
           m.held_at + (m.expires_at - m.held_at) / 2,
           d.last + make_interval(secs => %(again)s)) - clock_timestamp())))::integer
  from payment m, lateral ({_DECLINED}) d
 where m.order_id = %(order)s and {_RENEWABLE} and not d.given_up
"""


async def tries(connection: Connection, order_id: str) -> int:
    """How often it was declined since the authorisation in force was made."""
    cursor = await connection.execute(
        f"select d.tries from payment m, lateral ({_DECLINED}) d where m.order_id = %s", (order_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def hinders(connection: Connection, order_id: str) -> bool:
    """Is it open whether the order's money is held: being held anew, or over with another try to come?"""
    cursor = await connection.execute(_HINDERS, {"order": order_id})
    return await cursor.fetchone() is not None


_HINDERS = f"""
select from payment m, lateral ({_DECLINED}) d
 where m.order_id = %(order)s
   and (exists (select from renewal where order_id = m.order_id and status in ('planned', 'cancel_requested'))
        or {_RENEWABLE} and m.expires_at <= clock_timestamp() and not d.given_up)
"""


async def plan(
    connection: Connection,
    renewal_id: str,
    order_id: str,
    *,
    amount: int,
    instead_of: str,
    saga: tuple[str, int],
    now: datetime,
    held: str | None = None,
) -> None:
    """It begins, in a run below the order's. *held*: the authorisation that a person has had made for it."""
    await connection.execute(_PLAN, (renewal_id, order_id, order_id, amount, instead_of, now, now))
    await connection.execute("select start_below(%s, %s, %s, %s, null, %s)", (renewal_id, order_id, *saga, now))
    if held is not None:
        effect = Jsonb({"id": held, "kind": "authorisation", "facts": {"resolved_by": "operator"}})
        await connection.execute(_HELD, (renewal_id, *saga, f"{renewal_id}:hold_again", effect))


_PLAN = """
insert into renewal (renewal_id, order_id, number, status, amount, instead_of, created_at, updated_at)
select %s, %s, (select count(*) + 1 from renewal where order_id = %s), 'planned', %s, %s, %s, %s
"""

_HELD = """
insert into step (run_id, name, number, saga, version, system, operation, operation_key, state, epoch, effect, begun_at,
                  ended_at)
values (%s, 'hold_again', 1, %s, %s, 'payments', 'authorise', %s, 'succeeded', 0, %s, clock_timestamp(),
        clock_timestamp())
"""


async def stand(
    connection: Connection,
    renewal_id: str,
    status: str,
    *,
    now: datetime,
    reason: Mapping[str, str] | None = None,
    left_there: int | None = None,
) -> None:
    told = Jsonb(dict(reason)) if reason else None
    await connection.execute(_STAND, (status, told, left_there, now, renewal_id))


_STAND = """
update renewal set status = %s, reason = coalesce(%s, reason), left_there = coalesce(%s, left_there), updated_at = %s
 where renewal_id = %s
"""


async def lasts(connection: Connection, renewal_id: str, until: datetime) -> None:
    await connection.execute("update renewal set until = %s where renewal_id = %s", (until, renewal_id))


async def give_up(connection: Connection, renewal_id: str) -> None:
    """No further one is tried by itself."""
    await connection.execute("update renewal set given_up = true where renewal_id = %s", (renewal_id,))


async def recall(connection: Connection, order_id: str, *, now: datetime) -> None:
    """What is not in force yet is not wanted any more; its run hears of it."""
    cursor = await connection.execute(_RECALL, (now, order_id))
    for (renewal_id,) in await cursor.fetchall():
        await connection.execute("select wake(%s)", (renewal_id,))


_RECALL = """
update renewal set status = 'cancel_requested', updated_at = %s where order_id = %s and status = 'planned'
returning renewal_id
"""


async def paid_parts(connection: Connection, order_id: str) -> tuple[frozenset[str], bool]:
    """The order's parts whose money has been taken; and whether there is a call to take some that is not settled."""
    cursor = await connection.execute(_PAID, (order_id,))
    states: dict[str, str] = dict(await cursor.fetchall())
    paid = frozenset(run_id for run_id, state in states.items() if state == "succeeded")
    return paid, any(state in ("intended", "unknown", "failed") for state in states.values())


_PAID = """
select s.run_id, s.state from run r join step s using (run_id) where r.parent_id = %s and s.name = 'take_money'
"""
