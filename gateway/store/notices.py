"""What customers are told: written down in the transaction in which it comes to be so, sent by a run of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Notice:
    notice_id: str
    order_id: str
    kind: str
    facts: Mapping[str, Any]


async def add(connection: Connection, notice: Notice, *, saga: tuple[str, int], now: datetime) -> None:
    told = (notice.notice_id, notice.order_id, notice.kind, Jsonb(dict(notice.facts)), now, now)
    await connection.execute(_ADD, told)
    await connection.execute(
        "select start_below(%s, %s, %s, %s, null, %s)", (notice.notice_id, notice.order_id, *saga, now)
    )


_ADD = """
insert into notice (notice_id, order_id, kind, facts, status, created_at, updated_at)
values (%s, %s, %s, %s, 'planned', %s, %s)
"""


async def load(connection: Connection, notice_id: str) -> Notice:
    cursor = await connection.execute(
        "select notice_id, order_id, kind, facts from notice where notice_id = %s", (notice_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, f"{notice_id} was written down together with its run"
    return Notice(*row)


async def status(connection: Connection, notice_id: str) -> str:
    cursor = await connection.execute("select status from notice where notice_id = %s for no key update", (notice_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{notice_id} was written down together with its run"
    return str(row[0])


async def stand(connection: Connection, notice_id: str, status: str, *, now: datetime) -> None:
    """What it said is forgotten: it has been said, or nobody can be told."""
    await connection.execute(
        "update notice set status = %s, facts = '{}', updated_at = %s where notice_id = %s", (status, now, notice_id)
    )
