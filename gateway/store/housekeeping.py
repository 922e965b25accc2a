"""What nobody waits for: runs whose task was given up, records that have expired. Bounded work at every call."""

from datetime import datetime, timedelta

from gateway.store import event_feed
from gateway.store.pool import Database
from gateway.store.stock_changes import KEPT

_AT_ONCE = 1_000
_MOST_ROUNDS = 20
_ALONE = 0x666F7267  # the advisory lock of whoever forgets: one worker is enough
_KEEP_TASKS = 7 * 86_400  # seconds after a task has ended


async def park_given_up(database: Database, now: datetime) -> list[str]:
    """Park every run whose task has used up its attempts: nothing will take it up by itself any more."""
    async with database.connection() as connection:
        cursor = await connection.execute(_PARK_GIVEN_UP, (_AT_ONCE, now))
        return [row[0] for row in await cursor.fetchall()]


_PARK_GIVEN_UP = """
with given_up as (
    select r.run_id, t.last_attempt_run from absurd.t_sagas t
      join run r on r.run_id = t.params ->> 'run_id' and t.idempotency_key = r.run_id || ':' || r.starts
     where t.state = 'failed' and r.state in ('running', 'waiting')
     order by r.run_id limit %s for no key update of r skip locked
)
update run set state = 'parked', updated_at = %s,
       cause = jsonb_build_object('code', 'attempts_exhausted', 'step', coalesce(
           (select s.name from step s where s.run_id = run.run_id order by s.number desc limit 1), ''),
           'detail', coalesce((select r.failure_reason ->> 'name' from absurd.r_sagas r
                                where r.run_id = given_up.last_attempt_run), 'unknown'))
  from given_up where run.run_id = given_up.run_id
returning run.run_id
"""


async def forget_expired(database: Database, now: datetime) -> None:
    """Records past their time: of idempotency, stock changes, feeds, and the engine's of tasks and events long over."""
    async with database.transaction() as connection:
        cursor = await connection.execute("select pg_try_advisory_xact_lock(%s)", (_ALONE,))
        if (await cursor.fetchone()) != (True,):
            return
        for statement, before in (
            (_FORGET, now),
            (_FORGET_CHANGES, now - timedelta(days=KEPT + 1)),
            (_FORGET_TOLD, now - timedelta(days=event_feed.KEPT + 1)),
        ):
            for _ in range(_MOST_ROUNDS):
                gone = await connection.execute(statement, (before, _AT_ONCE))
                if gone.rowcount < _AT_ONCE:
                    break
        await connection.execute("select absurd.cleanup_tasks('sagas', %s, %s)", (_KEEP_TASKS, _AT_ONCE))
        await connection.execute("select absurd.cleanup_events('sagas', %s, %s)", (_KEEP_TASKS * 8, _AT_ONCE))


# A day later than the cursors that lead to them.
_FORGET_CHANGES = (
    "delete from stock_change where ctid in (select ctid from stock_change where changed_at < %s limit %s)"
)

# The fact stays with its subject: its sequence has no gaps, and operators read it.
_FORGET_TOLD = """
update event set told_to = null where position in (
    select position from event where told_to is not null and occurred_at < %s limit %s)
"""

_FORGET = "delete from idempotency where ctid in (select ctid from idempotency where expires_at < %s limit %s)"
