"""
What changed, in the order in which it became visible.

Each row carries the transaction that wrote it. Readers stop below the oldest transaction that is still under way, so a
late commit is never skipped.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from gateway.store.pool import Database

KEPT = 7  # days
Cursor = tuple[int, int]  # transaction, position version
BEGINNING: Cursor = (0, 0)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    at: Cursor
    sku: str
    node_id: str
    condition: str
    available: int
    confidence: str
    cause: str
    changed_at: datetime


async def changes_after(database: Database, after: Cursor, *, limit: int) -> list[ChangeRow]:
    async with database.connection() as connection:
        cursor = await connection.execute(_AFTER, (str(after[0]), after[1], limit), prepare=True)
        return [ChangeRow((int(xact), version), *rest) for xact, version, *rest in await cursor.fetchall()]


_AFTER: LiteralString = """
select xact::text, position_version, sku, node_id, condition, available, confidence, cause, changed_at from stock_change
 where (xact, position_version) > (%s::text::xid8, %s) and xact < pg_snapshot_xmin(pg_current_snapshot())
 order by xact, position_version limit %s
"""


async def newest(database: Database) -> Cursor:
    """The end of what can be read now."""
    async with database.connection() as connection:
        row = await (await connection.execute(_NEWEST, prepare=True)).fetchone()
    return (int(row[0]), row[1]) if row else BEGINNING


_NEWEST: LiteralString = """
select xact::text, position_version from stock_change where xact < pg_snapshot_xmin(pg_current_snapshot())
 order by xact desc, position_version desc limit 1
"""
