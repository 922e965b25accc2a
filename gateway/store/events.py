"""What happened to something that is kept here, as its partner reads it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.store.hands import Hand
from gateway.store.pool import Connection


async def record(
    connection: Connection,
    subject: str,
    event: str,
    data: Mapping[str, Any],
    *,
    event_id: str,
    now: datetime,
    trace_id: str,
) -> None:
    values = (event_id, subject, event, now, trace_id, Jsonb(dict(data)))
    await connection.execute("select record_event(%s, %s, %s, %s, %s, %s)", values)


async def tell(connection: Connection, subject: str, event: str, by: Hand, data: Mapping[str, Any]) -> None:
    await record(connection, subject, event, data, event_id=by.mint("evt"), now=by.now, trace_id=by.trace_id)


async def tell_of_order(connection: Connection, order_id: str, event: str, by: Hand, **told: Mapping[str, str]) -> None:
    """The order has a new version, and its partner can read why."""
    cursor = await connection.execute(_TOUCH, (by.now, order_id))
    row = await cursor.fetchone()
    assert row is not None, "orders are never deleted"
    await tell(connection, order_id, event, by, {"status": row[0], **told})


_TOUCH = "update orders set version = version + 1, updated_at = %s where order_id = %s returning status"
