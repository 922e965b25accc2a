"""Until when a delivery group is promised to be there, inside the caller's transaction."""

from datetime import datetime
from typing import LiteralString

from gateway.domain.orders import Order
from gateway.store.pool import Connection

# Part of a statement about orders `o`: what is promised of each group, as far as its channel did not say it.
PROMISES: LiteralString = """
(select jsonb_object_agg(d.group_id, jsonb_build_object('by', d.due_at, 'source', d.source))
   from delivery_promise d where d.order_id = o.order_id)"""

# What a customer has agreed to is what is promised from then on, whatever was before.
AGREE: LiteralString = """
insert into delivery_promise (order_id, group_id, due_at, source, made_at)
select order_id, %(group)s, promise_by, 'customer', %(now)s from offer
 where offer_id = %(offer)s and promise_by is not null
    on conflict (order_id, group_id) do update
   set due_at = excluded.due_at, source = excluded.source, made_at = excluded.made_at
"""


async def due(connection: Connection, order: Order) -> datetime | None:
    """Of the order's only group, or of the one that it is told of: what its customer agreed to, else what its channel
    promised, else what sourcing did. None: nobody has promised anything."""
    cursor = await connection.execute(_DUE, (order.order_id, order.group.group_id))
    row = await cursor.fetchone()
    return row[0] if row else order.group.promised_by


_DUE = "select due_at from delivery_promise where order_id = %s and group_id = %s"


async def make(connection: Connection, order: Order, due_at: datetime, *, now: datetime) -> None:
    """By sourcing, the first time that it serves a group of which nobody has promised anything."""
    await connection.execute(_MAKE, (order.order_id, order.group.group_id, due_at, now))


_MAKE = "insert into delivery_promise (order_id, group_id, due_at, source, made_at) values (%s, %s, %s, 'sourcing', %s)"
