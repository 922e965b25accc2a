"""Orders as partners read them: another's order is as absent as an unknown one. A partner that is None reads all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.documents import Document, whole
from gateway.domain.orders import OrderStatus, is_decided
from gateway.store.holds import OPEN_HOLDS
from gateway.store.orders import ACTION
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
    holds: Sequence[Mapping[str, Any]] | None  # the open ones; moments are text

    @property
    def action(self) -> tuple[str, str] | None:
        """Where its customer has to go, and until when; None: they have nothing to do."""
        if is_decided(self.status) or ACTION[0] not in self.references:
            return None
        _, url, expires_at = (self.references[name] for name in ACTION)
        return url, expires_at


@dataclass(frozen=True, slots=True)
class EventRow:
    event_id: str
    sequence: int
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


Asked = tuple[str, str | None]  # an order, and the partner who reads it


async def read_orders(database: Database, asked: Sequence[Asked]) -> dict[Asked, OrderRow]:
    """Those that there are for whom who asks."""
    order_ids, partners = zip(*asked, strict=True)
    async with database.connection() as connection:
        cursor = await connection.execute(_READ, (list(order_ids), list(partners)), prepare=True)
        return {(row[0], row[1]): _order(*row) for row in await cursor.fetchall()}


def _order(order_id: str, _: str | None, status: str, version: int, kept: Document, *rest: Any) -> OrderRow:
    personal, *others = rest
    return OrderRow(order_id, OrderStatus(status), version, whole(kept, personal), *others)


_READ: LiteralString = f"""
select asked.order_id, asked.partner, o.status, o.version, o.document, p.document, o.reason, o.cancel, o.refs,
       o.received_at, o.updated_at, {OPEN_HOLDS}
  from unnest(%s::text[], %s::text[]) as asked (order_id, partner)
  join orders o on o.order_id = asked.order_id and (asked.partner is null or o.partner_id = asked.partner)
  left join personal_data p on p.personal_id = o.personal_id
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
