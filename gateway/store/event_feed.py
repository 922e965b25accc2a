"""
What happened to a partner's own, in the order in which it became visible.

Each fact carries the transaction that wrote it. Readers stop below the oldest transaction that is still under way, so a
late commit is never skipped. A feed forgets; the record of its subject keeps the fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from gateway.store.pool import Database

KEPT = 30  # days
Cursor = tuple[int, int]  # transaction, position
BEGINNING: Cursor = (0, 0)


@dataclass(frozen=True, slots=True)
class EventRow:
    at: Cursor
    event_id: str
    subject: str
    sequence: int
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


async def events_after(database: Database, partner: str, after: Cursor, *, limit: int) -> list[EventRow]:
    async with database.connection() as connection:
        cursor = await connection.execute(_AFTER, (partner, str(after[0]), after[1], limit), prepare=True)
        return [EventRow((int(xact), position), *rest) for xact, position, *rest in await cursor.fetchall()]


_AFTER: LiteralString = """
select xact::text, position, event_id, subject, sequence, type, occurred_at, data from event
 where told_to = %s and (xact, position) > (%s::text::xid8, %s) and xact < pg_snapshot_xmin(pg_current_snapshot())
 order by xact, position limit %s
"""


async def newest(database: Database, partners: Sequence[str]) -> dict[str, Cursor]:
    """The end of what each of them can read now; of whom nothing is told, it is absent."""
    async with database.connection() as connection:
        cursor = await connection.execute(_NEWEST, (list(partners),), prepare=True)
        return {partner: (int(xact), position) for partner, xact, position in await cursor.fetchall()}


_NEWEST: LiteralString = """
select partner, xact::text, position from unnest(%s::text[]) as partner cross join lateral (
    select xact, position from event
     where told_to = partner and xact < pg_snapshot_xmin(pg_current_snapshot())
     order by xact desc, position desc limit 1
) as last
"""
