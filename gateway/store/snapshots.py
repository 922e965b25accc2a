"""Snapshots as they arrive: announced, sent in chunks, each taken once, counted, and then handed over to be applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.snapshots import Announced, Chunk, LineFault
from gateway.store.exceptions import close_exception
from gateway.store.pool import Connection, Database

QUARANTINED = "inventory/snapshot_quarantined"
_MOST_FAULTS = 1_000  # that a chunk remembers
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    snapshot_id: str
    announced: Announced
    partner_id: str | None  # who may feed its source
    state: str
    staged: int
    applied: int
    changed: int
    faulty: int
    reason: Any
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Staged:
    lines: int
    faults: Sequence[LineFault]
    fingerprint: bytes


_READ: LiteralString = """
select s.snapshot_id, s.source_id, s.reference, s.scope, s.nodes, s.as_of, s.rows, t.partner_id, s.state, s.staged,
       s.applied, s.changed, s.faulty, s.reason, s.created_at, s.updated_at
  from stock_snapshot s join stock_source t using (source_id)
"""


async def begin(connection: Connection, snapshot_id: str, said: Announced, *, now: datetime) -> SnapshotRow:
    """The snapshot that the source calls so; the one from before, if it has announced it already."""
    values = (
        snapshot_id,
        said.source_id,
        said.reference,
        said.scope,
        list(said.nodes),
        said.as_of,
        said.rows,
        now,
        now,
    )
    await connection.execute(_BEGIN, values)
    cursor = await connection.execute(f"{_READ} where source_id = %s and reference = %s", values[1:3])
    row = await cursor.fetchone()
    assert row is not None, "it was there, or has just been written"
    return _row(row)


_BEGIN = """
insert into stock_snapshot (snapshot_id, source_id, reference, scope, nodes, as_of, rows, state, created_at, updated_at)
values (%s, %s, %s, %s, %s, %s, %s, 'open', %s, %s) on conflict (source_id, reference) do nothing
"""


async def read_snapshot(database: Database, snapshot_id: str) -> SnapshotRow | None:
    async with database.connection() as connection:
        row = await (await connection.execute(f"{_READ} where snapshot_id = %s", (snapshot_id,))).fetchone()
        return _row(row) if row else None


async def lock_snapshot(connection: Connection, snapshot_id: str) -> SnapshotRow | None:
    sought = f"{_READ} where snapshot_id = %s for no key update of s"
    row = await (await connection.execute(sought, (snapshot_id,))).fetchone()
    return _row(row) if row else None


async def list_faults(database: Database, snapshot_id: str) -> list[tuple[int, LineFault]]:
    """The first hundred, each with the number of its chunk."""
    async with database.connection() as connection:
        cursor = await connection.execute(_FAULTS, (snapshot_id, _MOST_SHOWN))
        return [(number, LineFault(**fault)) for number, fault in await cursor.fetchall()]


_FAULTS = """
select c.number, f.value from stock_snapshot_chunk c cross join jsonb_array_elements(c.faults) f
 where c.snapshot_id = %s order by c.number, (f.value ->> 'line')::integer limit %s
"""


async def staged_before(connection: Connection, snapshot_id: str, number: int) -> Staged | None:
    cursor = await connection.execute(_STAGED, (snapshot_id, number))
    row = await cursor.fetchone()
    return Staged(row[0], [LineFault(**fault) for fault in row[1]], row[2]) if row else None


_STAGED = "select lines, faults, fingerprint from stock_snapshot_chunk where snapshot_id = %s and number = %s"


async def stage(connection: Connection, snapshot_id: str, chunk: Chunk, *, now: datetime) -> Staged:
    """Take the chunk, which is new, into the snapshot, which the caller has locked and which is open."""
    cursor = await connection.execute(_STAGE, _columns(snapshot_id, chunk))
    taken = {line for (line,) in await cursor.fetchall()}
    again = [
        LineFault(row.line, "repeated", "this place has a row already") for row in chunk.rows if row.line not in taken
    ]
    faults = sorted([*chunk.faults, *again], key=lambda fault: fault.line)
    kept = [{"line": f.line, "code": f.code, "detail": f.detail} for f in faults[:_MOST_FAULTS]]
    row = (snapshot_id, chunk.number, chunk.fingerprint, chunk.lines, Jsonb(kept), now)
    await connection.execute(_CHUNK, row)
    await connection.execute(_COUNTED, (len(taken), len(faults), now, snapshot_id))
    return Staged(chunk.lines, faults[:_MOST_FAULTS], chunk.fingerprint)


def _columns(snapshot_id: str, chunk: Chunk) -> dict[str, Any]:
    rows = chunk.rows
    return {
        "snapshot": snapshot_id,
        "chunk": chunk.number,
        "lines": [row.line for row in rows],
        "skus": [row.place[0] for row in rows],
        "nodes": [row.place[1] for row in rows],
        "conditions": [row.place[2] for row in rows],
        "on_hand": [row.on_hand for row in rows],
        "unavailable": [None if row.unavailable is None else Jsonb(dict(row.unavailable)) for row in rows],
        "gtins": [row.gtin for row in rows],
    }


_STAGE = """
insert into stock_snapshot_row (snapshot_id, chunk, line, sku, node_id, condition, on_hand, unavailable, gtin)
select %(snapshot)s, %(chunk)s, t.* from unnest(
       %(lines)s::integer[], %(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[], %(on_hand)s::integer[],
       %(unavailable)s::jsonb[], %(gtins)s::text[]) as t (line, sku, node_id, condition, on_hand, unavailable, gtin)
 order by line on conflict (snapshot_id, sku, node_id, condition) do nothing
returning line
"""

_CHUNK = """
insert into stock_snapshot_chunk (snapshot_id, number, fingerprint, lines, faults, received_at)
values (%s, %s, %s, %s, %s, %s)
"""

_COUNTED = """
update stock_snapshot set staged = staged + %s, faulty = faulty + %s, updated_at = %s where snapshot_id = %s
"""


async def hand_over(connection: Connection, snapshot_id: str, *, now: datetime) -> None:
    """All of it is here: workers may apply it."""
    await connection.execute(_HAND_OVER, (now, snapshot_id))


_HAND_OVER = "update stock_snapshot set state = 'applying', updated_at = %s where snapshot_id = %s and state = 'open'"


async def decide(connection: Connection, row: SnapshotRow, *, believed: bool, by: str, now: datetime) -> bool:
    """What becomes of one that was put aside. False: it is not aside any more."""
    state, about = "applying" if believed else "abandoned", row.snapshot_id
    if (await connection.execute(_DECIDE, (state, now, about))).rowcount != 1:
        return False
    resolution = {"by": by, "decision": state}
    code = row.reason["code"]
    await close_exception(connection, class_=QUARANTINED, code=code, subject=about, resolution=resolution, now=now)
    return True


# Believed means that it is not weighed again: it begins behind that.
_DECIDE = """
update stock_snapshot set state = %s, cursor = '["rows"]', updated_at = %s
 where snapshot_id = %s and state = 'quarantined'
"""


def _row(row: Sequence[Any]) -> SnapshotRow:
    snapshot_id, source_id, reference, scope, nodes, as_of, rows, partner_id, *rest = row
    return SnapshotRow(
        snapshot_id, Announced(source_id, reference, scope, tuple(nodes), as_of, rows), partner_id, *rest
    )
