"""The journal: what a run intended, under which key, and how it ended. Every write stands behind the fence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from gateway.store.pool import Connection

LOST = "OG001"  # raised by fence(): the lease or the epoch is another's


@dataclass(frozen=True, slots=True)
class Lease:
    """A claimed run: the engine's row, and the name of the worker that holds it."""

    run_id: str
    engine_run: UUID
    engine_task: UUID
    worker: str
    attempt: int


@dataclass(frozen=True, slots=True)
class RunRow:
    epoch: int
    wakes: int
    saga: str
    version: int
    state: str
    direction: str
    reason: Mapping[str, Any] | None
    traceparent: str | None
    shape: str  # of the step table that the run began with
    now: datetime


@dataclass(frozen=True, slots=True)
class StepRow:
    name: str
    state: str
    operation_key: str
    tries: int
    begun_at: datetime
    send_by: datetime | None
    doubt: datetime | None
    effect: Mapping[str, Any] | None
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended; `state`, `effect` and `detail` are the record's, and stay as they are where None."""

    outcome: str
    told: Mapping[str, Any]
    state: str | None
    effect: Mapping[str, Any] | None
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class LocalEnding:
    """How a step of our own database ended: with why not, or with what later steps need."""

    refusal: Mapping[str, Any] | None = None
    effect: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Which way the run goes, why it turned, why it is parked, how it ended."""

    direction: str
    reason: Mapping[str, str] | None = None
    cause: Mapping[str, str] | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One call about to be made: written down, and committed, before its first byte is sent."""

    record: str
    number: int  # of the attempt, from 1 on, over all calls of this record
    call: str  # do | undo | find | look
    system: str
    operation: str
    key: str
    window: float  # seconds until `send_by`


def is_lost(error: psycopg.Error) -> bool:
    return error.sqlstate == LOST


async def open_run(connection: Connection, lease: Lease, shape: str) -> RunRow:
    """Take the run over: fence it, raise its epoch. Raises a database error with sqlstate `LOST` if it is not ours.

    *shape* is that of the step table at hand, which becomes the run's if it has none yet.
    """
    cursor = await connection.execute(
        "select epoch, wakes, saga, version, state, direction, reason, traceparent, shape, clock_timestamp()"
        " from take_up(%s, %s, %s, %s)",
        (lease.run_id, lease.engine_run, lease.worker, shape),
    )
    row = await cursor.fetchone()
    assert row is not None, "a function returns its row"
    return RunRow(*row)


async def history(connection: Connection, run_id: str) -> list[StepRow]:
    """Every record of the run, oldest first: with the `send_by` of its last call that could have an effect, and of the
    last such call whose end nobody saw."""
    cursor = await connection.execute(_HISTORY, (run_id,))
    return [StepRow(*row) for row in await cursor.fetchall()]


_HISTORY = """
select s.name, s.state, s.operation_key, s.tries, s.begun_at, a.send_by, a.doubt, s.effect, s.detail
  from step s
  left join lateral (
       select max(send_by) as send_by, max(send_by) filter (where outcome is null or outcome = 'unknown') as doubt
         from attempt where run_id = s.run_id and step = s.name and call in ('do', 'undo')
  ) a on true
 where s.run_id = %s order by s.number
"""


async def effects(connection: Connection, run_id: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """What the run has brought about so far: step, operation key, effect."""
    cursor = await connection.execute(
        "select name, operation_key, effect from step where run_id = %s and state = 'succeeded' and effect is not null",
        (run_id,),
    )
    return await cursor.fetchall()


async def intend(connection: Connection, lease: Lease, epoch: int, intent: Intent) -> datetime:
    """Write the intent; returns the moment after which it must not be sent any more, by the database's clock."""
    values = {**_values(intent), "run_id": lease.run_id, "epoch": epoch}
    cursor = await connection.execute(_ASK if intent.call == "find" else _INTEND, values)
    row = await cursor.fetchone()
    assert row is not None, "an insert returns its row"
    send_by: datetime = row[0]
    return send_by


def _values(intent: Intent) -> dict[str, Any]:
    return {
        "name": intent.record,
        "system": intent.system,
        "operation": intent.operation,
        "key": intent.key,
        "number": intent.number,
        "call": intent.call,
        "window": intent.window,
    }


_STEP = """
insert into step (run_id, name, number, saga, version, system, operation, operation_key, state, tries, epoch, begun_at)
select run_id, %(name)s, (select count(*) + 1 from step s where s.run_id = run.run_id), saga, version,
       %(system)s, %(operation)s, %(key)s, 'intended', %(number)s, %(epoch)s, clock_timestamp()
  from run where run_id = %(run_id)s
on conflict (run_id, name) do update set state = 'intended', tries = excluded.tries, epoch = excluded.epoch
"""

_ATTEMPT = """
insert into attempt (run_id, step, number, call, epoch, send_by, begun_at)
values (%(run_id)s, %(name)s, %(number)s, %(call)s, %(epoch)s,
        clock_timestamp() + make_interval(secs => %(window)s), clock_timestamp())
returning send_by
"""

_INTEND = f"with step as ({_STEP}) {_ATTEMPT}"

# A question changes nothing about what is known of the step.
_ASK = f"""
with step as (
    update step set tries = %(number)s, epoch = %(epoch)s where run_id = %(run_id)s and name = %(name)s
) {_ATTEMPT}
"""


async def end_call(connection: Connection, lease: Lease, epoch: int, intent: Intent, ending: Ending) -> None:
    """Behind the fence: how a call ended, and with it how far its record has got."""
    await connection.execute(
        "select end_call(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(lease.run_id, epoch, lease.engine_run, lease.worker),
            *(intent.record, intent.number, ending.outcome, Jsonb(ending.told)),
            ending.state,
            Jsonb(ending.effect) if ending.effect else None,
            Jsonb(ending.detail) if ending.detail else None,
        ),
    )


async def record_local(connection: Connection, lease: Lease, epoch: int, name: str, ended: LocalEnding) -> None:
    """A step of our own database: intended and ended in the transaction that did it."""
    intent = Intent(name, 1, "do", "omnigate", name.removeprefix("undo:"), f"{lease.run_id}:{name}", 0.0)
    values = {**_values(intent), "run_id": lease.run_id, "epoch": epoch}
    state = "rejected" if ended.refusal else "succeeded"
    told = {"detail": ended.refusal, "effect": ended.effect}
    await connection.execute(
        _LOCAL, {**values, "state": state, **{name: Jsonb(told[name]) if told[name] else None for name in told}}
    )


_LOCAL = """
insert into step (run_id, name, number, saga, version, system, operation, operation_key, state, tries, epoch, begun_at,
                  ended_at, detail, effect)
select run_id, %(name)s, (select count(*) + 1 from step s where s.run_id = run.run_id), saga, version,
       %(system)s, %(operation)s, %(key)s, %(state)s, %(number)s, %(epoch)s, clock_timestamp(), clock_timestamp(),
       %(detail)s::jsonb, %(effect)s::jsonb
  from run where run_id = %(run_id)s
on conflict (run_id, name) do update
   set state = excluded.state, ended_at = excluded.ended_at, detail = excluded.detail, effect = excluded.effect
"""


async def record_wait(connection: Connection, lease: Lease, epoch: int, name: str, system: str) -> None:
    """The run begins to wait for what *system* will tell it."""
    intent = Intent(name, 0, "look", system, "look", f"{lease.run_id}:{name}", 0.0)
    await connection.execute(_STEP, {**_values(intent), "run_id": lease.run_id, "epoch": epoch})


async def set_run(connection: Connection, run_id: str, state: str, standing: Standing) -> None:
    """How the run stands. A reason once given stays; a cause is there only while it is parked."""
    await connection.execute(
        "update run set state = %s, direction = %s, reason = coalesce(%s, reason), cause = %s, outcome = %s,"
        " updated_at = clock_timestamp() where run_id = %s",
        (
            state,
            standing.direction,
            Jsonb(standing.reason) if standing.reason else None,
            Jsonb(standing.cause) if standing.cause else None,
            standing.outcome,
            run_id,
        ),
    )
