"""Orders as partners read them: another's order is as absent as an unknown one. A partner that is None reads all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.documents import whole
from gateway.domain.orders import OrderStatus
from gateway.store.pool import Database


@dataclass(frozen=True, slots=True)
class OrderRow:
    order_id: str
    status: OrderStatus
    version: int
    document: Mapping[str, Any]  # whole again, as far as the person has not been forgotten
    reason: Mapping[str, str] | None
    cancel: Mapping[str, str] | None
    references: Mapping[str, str]
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    event_id: str
    sequence: int
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


async def read_order(database: Database, order_id: str, *, partner: str | None) -> OrderRow | None:
    async with database.connection() as connection:
        cursor = await connection.execute(_READ, (order_id, partner, partner))
        row = await cursor.fetchone()
    if row is None:
        return None
    status, version, kept, personal, *rest = row
    return OrderRow(order_id, OrderStatus(status), version, whole(kept, personal), *rest)


_READ = """
select o.status, o.version, o.document, p.document, o.reason, o.cancel, o.refs, o.received_at, o.updated_at
  from orders o left join personal_data p on p.personal_id = o.personal_id
 where o.order_id = %s and (%s::text is null or o.partner_id = %s)
"""


async def list_events(
    database: Database, order_id: str, *, partner: str | None, after: int, limit: int
) -> list[EventRow]:
    """Oldest first, beginning behind the sequence number *after*. An order that was accepted has at least one."""
    async with database.connection() as connection:
        cursor = await connection.execute(_EVENTS, (order_id, after, partner, partner, limit))
        return [EventRow(*row) for row in await cursor.fetchall()]


_EVENTS = """
select e.event_id, e.sequence, e.type, e.occurred_at, e.data
  from orders o join event e on e.subject = o.order_id
 where o.order_id = %s and e.sequence > %s and (%s::text is null or o.partner_id = %s)
 order by e.sequence limit %s
"""
