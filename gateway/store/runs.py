"""Runs as operators see them: where they stand, and the changes that only a person may make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.store.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class RunView:
    run_id: str
    saga: str
    version: int
    state: str
    direction: str
    outcome: str | None
    cause: Mapping[str, Any] | None
    traceparent: str | None
    updated_at: datetime
    shape: str | None  # of the step table it began with; None: it has not been taken up since that is written down


@dataclass(frozen=True, slots=True)
class OpenStep:
    """The step a parked run hangs on."""

    name: str
    state: str
    system: str
    operation: str
    operation_key: str


_OPEN = """(state in ('intended', 'unknown', 'failed') or state = 'rejected' and (name like 'undo:%%')
    = (select direction = 'backward' from run where run.run_id = step.run_id))"""

_COLUMNS = "run_id, saga, version, state, direction, outcome, cause, traceparent, updated_at, shape"


async def runs(database: Database, *, parked: bool, limit: int) -> list[RunView]:
    """The runs changed last, at most *limit*; only those that wait for an operator if *parked*."""
    where = "where state = 'parked'" if parked else ""
    async with database.connection() as connection:
        cursor = await connection.execute(
            f"select {_COLUMNS} from run {where} order by updated_at desc limit %s", (limit,)
        )
        return [RunView(*row) for row in await cursor.fetchall()]


async def lock_view(connection: Connection, run_id: str) -> RunView | None:
    """The run; of an order of which one part alone is parked, that part's."""
    await connection.execute("select lock_run(%s)", (run_id,))
    cursor = await connection.execute(_HANGING, {"run": run_id})
    hanging = await cursor.fetchall()
    run_id = hanging[0][0] if len(hanging) == 1 else run_id
    cursor = await connection.execute(f"select {_COLUMNS} from run where run_id = %s for no key update", (run_id,))
    row = await cursor.fetchone()
    return RunView(*row) if row else None


_HANGING = """
select run_id from run p
 where p.parent_id = %(run)s and p.state = 'parked'
   and not exists (select from run where run_id = %(run)s and state = 'parked') limit 2
"""


async def open_step(connection: Connection, run_id: str) -> OpenStep | None:
    """The newest record that is not settled, or was refused where the run cannot go on without it."""
    cursor = await connection.execute(
        f"select name, state, system, operation, operation_key from step where run_id = %s and {_OPEN}"
        " order by number desc limit 1",
        (run_id,),
    )
    row = await cursor.fetchone()
    return OpenStep(*row) if row else None


async def declare(connection: Connection, run_id: str, step: str, *, state: str, effect: Any, evidence: str) -> None:
    """Write down what a person found out about a step."""
    await connection.execute(
        "update step set state = %s, effect = coalesce(%s, effect), detail = %s,"
        " ended_at = case when %s = 'succeeded' then clock_timestamp() end where run_id = %s and name = %s",
        (state, Jsonb(effect) if effect else None, Jsonb({"evidence": evidence}), state, run_id, step),
    )


async def restart(connection: Connection, run_id: str, *, direction: str, reason: Any = None) -> None:
    """Leave the parking place: a new task. What is open has its whole time again; what was refused is asked again."""
    await connection.execute(
        "update step set begun_at = clock_timestamp(), state = case state when 'rejected' then 'failed' else state end"
        f" where run_id = %s and {_OPEN}",
        (run_id,),
    )
    cursor = await connection.execute(
        "update run set state = 'running', direction = %s, reason = coalesce(%s, reason), cause = null,"
        " starts = starts + 1, outcome = null, updated_at = clock_timestamp()"
        " where run_id = %s returning saga, version, starts",
        (direction, Jsonb(reason) if reason else None, run_id),
    )
    row = await cursor.fetchone()
    assert row is not None, "the caller has locked it"
    await connection.execute("select start_task(%s, %s, %s, %s)", (run_id, *row))


async def forget_shape(connection: Connection, run_id: str) -> None:
    """Whoever takes the run up next writes down the shape of the steps that it has."""
    await connection.execute("update run set shape = null where run_id = %s", (run_id,))


async def close(connection: Connection, run_id: str, outcome: str) -> None:
    """End a run as it stands."""
    await connection.execute(
        "update run set state = 'ended', outcome = %s, cause = null, updated_at = clock_timestamp() where run_id = %s",
        (outcome, run_id),
    )


async def audit(connection: Connection, audit_id: str, *, now: datetime, operator: str, action: str, run_id: str,
                facts: Mapping[str, Any]) -> None:  # fmt: skip
    await connection.execute(
        "insert into audit (audit_id, at, actor, subject, action, resource, facts)"
        " values (%s, %s, 'operator', %s, %s, %s, %s)",
        (audit_id, now, operator, action, run_id, Jsonb(dict(facts))),
    )


async def succeeded(connection: Connection, run_id: str, step: str) -> bool:
    cursor = await connection.execute(
        "select 1 from step where run_id = %s and name = %s and state = 'succeeded'", (run_id, step)
    )
    return await cursor.fetchone() is not None
