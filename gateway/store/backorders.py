"""Pieces that wait for goods: how many older orders wait for, whose run is worth waking, and what there is to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from gateway.store import events
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database

EVENT = "com.omnigate.order.backordered.v1"
AT_ONCE = 200
_MOST_LISTED = 500

# Lines that wait, of orders that would be served: nobody stops them, their run goes on, their money is still held.
_WAITING: LiteralString = """
    select l.order_id, l.line_id, l.sku, l.backordered, o.received_at
      from order_line l join orders o using (order_id) join run r on r.run_id = l.order_id
      left join payment m using (order_id)
     where l.backordered > 0 and o.status in ('received', 'accepted', 'processing')
       and r.state in ('running', 'waiting') and coalesce(m.expires_at > clock_timestamp(), true)"""

# Of SKUs (in upper case), as far as they may be promised.
_THERE: LiteralString = """
    select p.sku, sum(greatest(p.available, 0)) as pieces from stock_position p join node n using (node_id)
     where p.condition = 'new' and p.confidence <> 'low' and n.status = 'active'"""


async def of_older_orders(connection: Connection, order_id: str, skus: Sequence[str]) -> dict[str, int]:
    """Pieces of each SKU that orders wait for which were received before this one. The caller has locked the SKUs'
    positions, under whose lock pieces come to wait, so that it sees all of them."""
    cursor = await connection.execute(_OLDER, (order_id, list(skus)))
    return dict(await cursor.fetchall())


_OLDER = f"""
select w.sku, sum(w.backordered)::integer from orders o, ({_WAITING}) w
 where o.order_id = %s and w.sku = any(%s) and (w.received_at, w.order_id) < (o.received_at, o.order_id)
 group by w.sku
"""


async def may_have_come(connection: Connection, order_id: str) -> bool:
    """Is there any of what the order waits for? It may be others' whose turn is before."""
    cursor = await connection.execute(_COME, (order_id,))
    return await cursor.fetchone() is not None


_COME = """
select from order_line l join stock_position p using (sku) join node n using (node_id)
 where l.order_id = %s and l.backordered > 0 and p.available > 0 and p.condition = 'new' and n.status = 'active' limit 1
"""


async def wake(database: Database) -> int:
    """Wake the runs of orders for which something has arrived that no older one waits for, at most 200: those first
    that have slept longest, so that none is kept from its turn by others that cannot be helped. Returns how many."""
    async with database.transaction() as connection:
        cursor = await connection.execute(_WAKE, (AT_ONCE,))
        return len(await cursor.fetchall())


_WAKE = f"""
with waiting as materialized ({_WAITING}
), there as materialized ({_THERE} and p.sku in (select sku from waiting) group by p.sku
), queue as (
    select order_id, sku, sum(backordered) over (partition by sku order by received_at, order_id, line_id) - backordered
           as ahead
      from waiting
), due as (
    select r.run_id from run r
     where r.state = 'waiting' and r.run_id in (select order_id from queue join there using (sku) where ahead < pieces)
     order by r.updated_at limit %s for no key update skip locked
)
select wake(run_id) from due
"""


async def tell(connection: Connection, order_id: str, group_id: str, by: Hand) -> None:
    """The order's partner can read that pieces of this group wait from now on."""
    cursor = await connection.execute("select status from orders where order_id = %s", (order_id,))
    row = await cursor.fetchone()
    assert row is not None, "orders are never deleted"
    await events.tell(connection, order_id, EVENT, by, {"status": row[0], "group_id": group_id})


@dataclass(frozen=True, slots=True)
class Awaited:
    """An article that orders wait for, and whose turn it is."""

    sku: str
    pieces: int
    orders: int
    unpaid: int  # orders whose money is not held any more: they are passed over
    available: int
    oldest: str  # the order that waits longest
    since: datetime  # when it was received


async def awaited(database: Database) -> Sequence[Awaited]:
    """What has been waited for longest comes first; at most 500 articles."""
    async with database.connection() as connection:
        cursor = await connection.execute(_AWAITED, {"most": _MOST_LISTED})
        return [Awaited(*row) for row in await cursor.fetchall()]


_AWAITED = f"""
with waiting as (
    select l.sku, l.backordered, l.order_id, o.received_at, m.expires_at <= clock_timestamp() as unpaid
      from order_line l join orders o using (order_id) left join payment m using (order_id) where l.backordered > 0
), articles as (
    select sku, sum(backordered)::integer as pieces, count(distinct order_id)::integer as orders,
           count(distinct order_id) filter (where unpaid)::integer as unpaid,
           (array_agg(order_id order by received_at, order_id))[1] as oldest, min(received_at) as since
      from waiting group by sku order by since, sku limit %(most)s
), there as ({_THERE} and p.sku in (select sku from articles) group by p.sku)
select a.sku, a.pieces, a.orders, a.unpaid, coalesce(t.pieces, 0)::integer, a.oldest, a.since
  from articles a left join there t using (sku) order by a.since, a.sku
"""
