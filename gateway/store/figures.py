"""The installation in a few figures, for whoever watches it. Cheap at any size: by index, and no count is endless."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from gateway.domain.time import Ticks
from gateway.errors import Unavailable
from gateway.store.pool import Database

FRESH = 5.0  # seconds for which figures are good enough
PATIENCE = 1.5  # seconds to wait for new ones

_MOST = 10_000  # counted, and looked through, of one state; as many or more is all the same
_OLDEST = 1_000  # of these, those that began first are looked at for the oldest step


@dataclass(frozen=True, slots=True)
class Reading:
    """A system that is asked for its changes: seconds since a page was read, and since there was no more to read."""

    since_read: float
    lag: float


@dataclass(frozen=True, slots=True)
class Installation:
    """How far behind the work is, in seconds, and how much of it there is."""

    queue_lag: float
    oldest_due_step: float
    runs: Mapping[str, int]  # ready | held | asleep | parked -> how many
    parked: Mapping[str, int]  # cause -> how many
    changes: Mapping[str, Reading] = field(default_factory=dict)  # system -> how far it has been read
    exceptions: Mapping[str, int] = field(default_factory=dict)  # class -> how many are open


class Watch:
    """The figures, asked for at most every five seconds and by one at a time; None while the database does not say."""

    def __init__(self, database: Database, ticks: Ticks) -> None:
        self._database = database
        self._ticks = ticks
        self._good_until = float("-inf")
        self._asking: asyncio.Task[Installation | None] | None = None

    async def installation(self) -> Installation | None:
        if self._asking is None or (self._asking.done() and self._ticks() >= self._good_until):
            self._good_until = self._ticks() + FRESH
            self._asking = asyncio.create_task(_ask(self._database))
        asking = self._asking
        await asyncio.wait({asking}, timeout=PATIENCE)
        if not asking.done():
            asking.cancel()  # in PostgreSQL, too; until that is done nobody asks again
            return None
        return None if asking.cancelled() else asking.result()

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking


async def _ask(database: Database) -> Installation | None:
    try:
        async with database.connection() as connection:
            cursor = await connection.execute(_FIGURES, {"most": _MOST, "oldest": _OLDEST})
            row = await cursor.fetchone()
    except (Unavailable, psycopg.Error):
        return None
    assert row is not None, "a select without a table has one row"
    lag, due, ready, held, asleep, parked, changes, exceptions = row
    runs = {"ready": ready, "held": held, "asleep": asleep, "parked": sum(parked.values())}
    readings = {system: Reading(*(max(0.0, seconds) for seconds in ages)) for system, ages in changes.items()}
    return Installation(float(lag), float(due), runs, parked, readings, exceptions)


# A dead worker's run can be taken up from the moment its lease is over. A step is due from the moment it was begun,
# unless its run waits for a signal (`look`) or for an operator: those have no task that is about to be taken up. A
# system that no worker has asked for its changes for a day is none of ours any more.
_FIGURES = """
with ready as materialized (
    select least(
        (select min(available_at) from absurd.r_sagas where state in ('pending', 'sleeping')),
        (select min(claim_expires_at) from absurd.r_sagas where state = 'running')) as since
), soon as materialized (
    select task_id from absurd.r_sagas where state = 'running'
    union all
    (select task_id from absurd.r_sagas
      where state in ('pending', 'sleeping') and available_at <= statement_timestamp() + interval '60 s'
        and wake_event is null
      order by available_at, run_id limit %(most)s)
     order by task_id limit %(oldest)s
), due as materialized (
    select min(s.begun_at) as since from soon
      join absurd.t_sagas t using (task_id)
      join step s on s.run_id = t.params ->> 'run_id'
     where s.state in ('intended', 'unknown', 'failed') and s.operation <> 'look'
)
select greatest(0, extract(epoch from statement_timestamp() - ready.since)),
       greatest(0, extract(epoch from statement_timestamp() - due.since)),
       (select count(*) from (select from absurd.r_sagas where state in ('pending', 'sleeping')
                                 and available_at <= statement_timestamp() limit %(most)s) counted),
       (select count(*) from absurd.r_sagas where state = 'running'),
       (select count(*) from (select from absurd.r_sagas where state in ('pending', 'sleeping')
                                 and available_at > statement_timestamp() limit %(most)s) counted),
       (select coalesce(jsonb_object_agg(code, number), '{}'::jsonb) from (
            select coalesce(cause ->> 'code', 'none') as code, count(*) as number
              from (select cause from run where state = 'parked' limit %(most)s) parked group by 1) causes),
       (select coalesce(jsonb_object_agg(source, jsonb_build_array(
                   extract(epoch from statement_timestamp() - coalesce(read_at, begun_at)),
                   extract(epoch from statement_timestamp() - coalesce(caught_up_at, begun_at)))), '{}'::jsonb)
          from change_feed where held_until > statement_timestamp() - interval '1 day'),
       (select coalesce(jsonb_object_agg(class, number), '{}'::jsonb) from (
            select class, count(*) as number
              from (select class from exception where state = 'open' limit %(most)s) open group by 1) classes)
  from ready, due
"""
