"""What others tell a run: callbacks, polled changes, a partner's cancel, an operator's word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.store.pool import Connection

GONE = frozenset({"shipped", "collected"})  # the kinds that say that goods have left


@dataclass(frozen=True, slots=True)
class Signal:
    id: str  # the sender's: the same signal twice is one
    run_id: str
    kind: str
    source: str
    data: Mapping[str, Any]
    role: str | None = None  # the back end whose word it is: it wakes the run only while that one is waited for


async def lock_run(connection: Connection, run_id: str) -> bool:
    """Take the run's row, and before it that of the run above, before any other of its rows (the one order of locks).
    False: there is no such run."""
    cursor = await connection.execute("select lock_run(%s)", (run_id,))
    return await cursor.fetchone() == (True,)


async def signal(connection: Connection, told: Signal, *, now: datetime, trace_id: str | None) -> bool:
    """Record *told* and wake its run, in the caller's transaction. False: it was known already, nothing was done.

    A shipment that a callback told of and one that we asked for are one fact, whatever each of them is called. Goods
    that leave for an order that has ended without them are nobody's plan: the run is parked for an operator.
    """
    await lock_run(connection, told.run_id)
    row = (told.id, told.run_id, told.kind, told.source, Jsonb(dict(told.data)), now, trace_id)
    cursor = await connection.execute(_RECORD, (*row, told.run_id, told.kind, told.data.get("shipment_id")))
    if await cursor.fetchone() is None:
        return False
    await connection.execute(_WAKE, {"run_id": told.run_id, "role": told.role})
    if told.kind in GONE:
        await connection.execute(_GONE_AFTER_END, {"kind": told.kind, "now": now, "run": told.run_id})
    return True


_RECORD = """
insert into signal (signal_id, run_id, kind, source, data, received_at, trace_id)
select %s, %s, %s, %s, %s, %s, %s
 where not exists (select from signal where run_id = %s and kind = %s and data ->> 'shipment_id' = %s)
    on conflict (signal_id) do nothing returning 1
"""

_WAKE = """
select wake(r.run_id) from run r
 where r.run_id = %(run_id)s and %(role)s::text is null
    or (r.run_id = %(run_id)s or r.parent_id = %(run_id)s)
       and exists (select from step s where s.run_id = r.run_id and s.system = %(role)s and s.operation = 'look'
                                        and s.state = 'intended')
"""

_GONE_AFTER_END = """
update run set state = 'parked', updated_at = %(now)s,
       cause = jsonb_build_object(
           'code', %(kind)s || '_after_' || outcome, 'detail', 'goods left for an order that had ended as ' || outcome,
           'step', coalesce((select s.name from step s where s.run_id = run.run_id and s.operation = 'look'
                              order by s.number desc limit 1), 'await_shipment'))
 where run_id = %(run)s and state = 'ended' and outcome in ('rejected', 'cancelled')
"""


async def untaken(connection: Connection, run_id: str, kind: str) -> Signal | None:
    """The oldest signal of *kind* that the run has not acted on yet."""
    cursor = await connection.execute(
        "select signal_id, run_id, kind, source, data from signal"
        " where run_id = %s and kind = %s and taken_at is null order by received_at limit 1",
        (run_id, kind),
    )
    row = await cursor.fetchone()
    return Signal(*row) if row else None


async def take(connection: Connection, run_id: str, kind: str, *, now: datetime) -> None:
    """Mark every signal of *kind* as acted on: the second copy of a fact adds nothing."""
    await connection.execute(
        "update signal set taken_at = %s where run_id = %s and kind = %s and taken_at is null", (now, run_id, kind)
    )
