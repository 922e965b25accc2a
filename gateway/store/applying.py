"""Snapshots that are complete: weighed, then applied a batch of places at a time, so that nobody waits for long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb

from gateway.domain.feeds import Count
from gateway.domain.snapshots import is_too_small
from gateway.errors import Unavailable
from gateway.store.divergences import judge
from gateway.store.exceptions import Opening, open_exception
from gateway.store.pool import Connection, Database
from gateway.store.snapshots import QUARANTINED
from gateway.store.views import Hearing, derive, take_counts

BATCH = 2_000  # places in one transaction
LONGEST_OPEN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to go on with a snapshot, for a few seconds by the database's clock."""

    snapshot_id: str
    holder: str
    source_id: str
    scope: str
    nodes: Sequence[str]
    as_of: datetime
    faulty: int
    cursor: str | None


async def turn(database: Database, holder: str, *, seconds: float) -> Turn | None:
    """The oldest snapshot that nobody is at; whoever is at one keeps it. None: there is nothing to do."""
    async with database.connection() as connection:
        cursor = await connection.execute(_TURN, {"holder": holder, "seconds": seconds})
        row = await cursor.fetchone()
    return Turn(row[0], holder, *row[1:]) if row else None


_TURN = """
update stock_snapshot set holder = %(holder)s, held_until = clock_timestamp() + make_interval(secs => %(seconds)s)
 where snapshot_id = (select snapshot_id from stock_snapshot
                       where state = 'applying' and (holder = %(holder)s or held_until < clock_timestamp())
                       order by created_at limit 1 for no key update skip locked)
returning snapshot_id, source_id, scope, nodes, as_of, faulty, cursor
"""


async def go_on(database: Database, held: Turn, hearing: Hearing, *, batch: int = BATCH) -> str:
    """The next piece of work, in one commit. Returns the state of the snapshot then.

    Raises `Unavailable` when the turn has passed to another one: nothing is written.
    """
    try:
        return await _go_on(database, held, hearing, batch)
    except psycopg.DataError:  # numbers that no position can hold: others shall not wait for it for ever
        async with database.transaction() as connection:
            return await _put_aside(connection, held, {"code": "beyond_counting"}, hearing)


async def _go_on(database: Database, held: Turn, hearing: Hearing, batch: int) -> str:
    phase, *after = orjson.loads(held.cursor) if held.cursor else ["weigh"]
    async with database.transaction() as connection:
        locked = await connection.execute(_LOCK, (held.snapshot_id, held.holder, held.cursor))
        if locked.rowcount != 1:
            raise Unavailable("another worker goes on with this snapshot")
        if phase == "weigh":
            return await _weigh(connection, held, hearing)
        if phase == "rows":
            return await _rows(connection, held, after, hearing, batch)
        return await _missing(connection, held, after, hearing, batch)


_LOCK = """
select from stock_snapshot
 where snapshot_id = %s and holder = %s and cursor is not distinct from %s and state = 'applying' for no key update
"""


async def _weigh(connection: Connection, held: Turn, hearing: Hearing) -> str:
    """Is it worth applying, and can it be all that the source has?"""
    if held.scope == "partial":
        return await _moved(connection, held, "applying", ["rows"], hearing)
    newer = await connection.execute(_NEWER, (held.source_id, list(held.nodes), held.as_of))
    if await newer.fetchone() is not None:
        return await _moved(connection, held, "superseded", None, hearing)
    cursor = await connection.execute(_KNOWN, (held.snapshot_id, held.source_id, list(held.nodes)))
    known, missing = await cursor.fetchone() or (0, 0)
    if not is_too_small(missing, known, hearing.policy.snapshot_drop_percent):
        return await _moved(connection, held, "applying", ["rows"], hearing)
    return await _put_aside(connection, held, {"code": "too_few_rows", "known": known, "missing": missing}, hearing)


async def _put_aside(connection: Connection, held: Turn, why: Mapping[str, Any], hearing: Hearing) -> str:
    await connection.execute(_PUT_ASIDE, (Jsonb(dict(why)), hearing.now, held.snapshot_id))
    evidence = {"source": held.source_id, "as_of": held.as_of.isoformat(), **why}
    about, actions = held.snapshot_id, ("resolve", "abandon")
    opening = Opening(hearing.mint("xcp"), QUARANTINED, why["code"], about, evidence, actions)
    await open_exception(connection, opening, now=hearing.now)
    return "quarantined"


_PUT_ASIDE = """
update stock_snapshot set state = 'quarantined', reason = %s, updated_at = %s
 where snapshot_id = %s and state = 'applying'
"""

_NEWER = """
select from stock_snapshot where source_id = %s and scope = 'full' and nodes @> %s and as_of > %s and state = 'applied'
"""

_KNOWN = """
select count(*), count(*) filter (where r.sku is null)
  from stock_view v left join stock_snapshot_row r
    on r.snapshot_id = %s and r.sku = v.sku and r.node_id = v.node_id and r.condition = v.condition
 where v.source_id = %s and v.node_id = any(%s) and v.quantity + v.moved <> 0
"""


async def _rows(connection: Connection, held: Turn, after: Sequence[str], hearing: Hearing, batch: int) -> str:
    """Rows are taken out as they are applied: what is left is what there is to do."""
    cursor = await connection.execute(_TAKE, (held.snapshot_id, *(after or _FIRST), batch))
    rows = sorted(await cursor.fetchall())
    if not rows:
        forgets = held.scope == "full" and not held.faulty  # whose line cannot be read is not therefore missing
        if not forgets:
            if held.scope == "full":
                await connection.execute(_NOT_FORGOTTEN, (held.snapshot_id,))
            return await _moved(connection, held, "applied", None, hearing)
        return await _moved(connection, held, "applying", ["missing"], hearing)
    counts = [Count((sku, node, condition), *rest) for _, sku, node, condition, *rest in rows]
    changed = await _apply(connection, held, counts, hearing)
    go_on_behind = ["rows", *counts[-1].place]
    return await _moved(connection, held, "applying", go_on_behind, hearing, of=(len(counts), changed))


_NOT_FORGOTTEN = """
update stock_snapshot set reason = '{"code": "faulty_lines"}' where snapshot_id = %s
"""

_FIRST = ("", "", "")

_TAKE = """
with batch as (
    select snapshot_id, sku, node_id, condition, row_number() over (order by sku, node_id, condition) as number
      from stock_snapshot_row
     where snapshot_id = %s and (sku, node_id, condition) > (%s, %s, %s) order by sku, node_id, condition limit %s
)
delete from stock_snapshot_row r using batch b, stock_snapshot s
 where r.snapshot_id = b.snapshot_id and r.sku = b.sku and r.node_id = b.node_id and r.condition = b.condition
   and s.snapshot_id = r.snapshot_id
returning b.number, r.sku, r.node_id, r.condition, r.on_hand, s.as_of, r.unavailable, r.gtin
"""


async def _missing(connection: Connection, held: Turn, after: Sequence[str], hearing: Hearing, batch: int) -> str:
    """What a full snapshot does not name is not there."""
    values = (held.source_id, list(held.nodes), held.as_of, *(after or _FIRST), batch)
    places = [(row[0], row[1], row[2]) for row in await (await connection.execute(_LEFT, values)).fetchall()]
    if not places:
        return await _moved(connection, held, "applied", None, hearing)
    changed = await _apply(connection, held, [Count(place, 0, held.as_of) for place in places], hearing)
    return await _moved(connection, held, "applying", ["missing", *places[-1]], hearing, of=(0, changed))


_LEFT = """
select sku, node_id, condition from stock_view
 where source_id = %s and node_id = any(%s) and as_of < %s and (sku, node_id, condition) > (%s, %s, %s)
 order by sku, node_id, condition limit %s
"""


async def _apply(connection: Connection, held: Turn, counts: Sequence[Count], hearing: Hearing) -> int:
    places = await take_counts(connection, held.source_id, counts)
    await judge(connection, held.source_id, places, hearing)
    return await derive(connection, places, why="report")


async def _moved(
    connection: Connection,
    held: Turn,
    state: str,
    cursor: Sequence[str] | None,
    hearing: Hearing,
    *,
    of: tuple[int, int] = (0, 0),
) -> str:
    values = (state, None if cursor is None else orjson.dumps(cursor).decode(), *of, hearing.now, held.snapshot_id)
    await connection.execute(_MOVE, values)
    return state


_MOVE = """
update stock_snapshot
   set state = %s, cursor = %s, applied = applied + %s, changed = changed + %s, updated_at = %s
 where snapshot_id = %s
"""


async def sweep(database: Database, now: datetime, *, at_once: int = 5_000) -> None:
    """Give up snapshots that nobody completes, and forget the rows of those that will never be applied."""
    async with database.connection() as connection:
        await connection.execute(_GIVE_UP, (now, now - LONGEST_OPEN))
        await connection.execute(_FORGET, (at_once,))


_GIVE_UP = "update stock_snapshot set state = 'abandoned', updated_at = %s where state = 'open' and updated_at < %s"

_FORGET = """
delete from stock_snapshot_row where ctid = any(array(
    select r.ctid from stock_snapshot s join stock_snapshot_row r using (snapshot_id)
     where s.state in ('abandoned', 'superseded') limit %s))
"""
