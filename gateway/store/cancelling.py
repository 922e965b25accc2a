"""A partner's wish to cancel: seen under the order's lock, and told to its run in the same commit."""

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from gateway.context import Call
from gateway.domain.orders import OrderStatus, decides, event_type
from gateway.store import events
from gateway.store.accept import order_locked
from gateway.store.decisions import announce
from gateway.store.pool import Connection
from gateway.store.signals import Signal, lock_run, signal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands while its row is locked."""

    status: OrderStatus
    version: int
    cancel: Mapping[str, str] | None
    shipped: bool  # the warehouse has said so, even if the workflow has not taken it up yet


async def is_within_reach(connection: Connection, order_id: str, *, partner: str | None) -> bool:
    """Is there such an order, and is it the partner's? A partner that is None may see everybody's.

    Asked before any lock: how long an answer takes must not tell of another partner's order.
    """
    cursor = await connection.execute(_WITHIN_REACH, (order_id, partner, partner))
    return await cursor.fetchone() is not None


_WITHIN_REACH = "select 1 from orders where order_id = %s and (%s::text is null or partner_id = %s)"


async def lock_standing(connection: Connection, order_id: str) -> Standing:
    """Raises `OrderLocked` when run or order stay in other hands for too long."""
    with order_locked():
        await lock_run(connection, order_id)
        cursor = await connection.execute(_STANDING, {"order": order_id})
    row = await cursor.fetchone()
    assert row is not None, "orders are never deleted"
    return Standing(OrderStatus(row[0]), *row[1:])


# Every part that still is one has left, and nothing of the order waits to be given out.
_STANDING = """
select status, version, cancel, exists (select from signal where run_id = %(order)s and kind = 'shipped')
       or exists (select from fulfilment where order_id = %(order)s and status not in ('cancelled', 'rejected'))
          and not exists (select from fulfilment f where order_id = %(order)s
                             and status not in ('shipped', 'collected', 'completed', 'cancelled', 'rejected')
                             and not exists (select from signal where run_id = f.fulfilment_id
                                                                  and kind in ('shipped', 'collected')))
          and not exists (select from order_line where order_id = %(order)s and open + backordered > 0)
  from orders where order_id = %(order)s for no key update
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request to cancel that is granted a hearing."""

    order_id: str
    before: OrderStatus
    cancel: Mapping[str, str]
    reason: str | None
    event_id: str
    signal_id: str


async def request_cancel(connection: Connection, call: Call, wish: Wish) -> None:
    """Write the wish down and wake the run. The caller holds the locks of `lock_standing`."""
    after = OrderStatus.CANCEL_REQUESTED
    await connection.execute(_REQUEST, (after.value, call.now, Jsonb(dict(wish.cancel)), wish.order_id))
    event, ids = event_type(wish.before, after), {"event_id": wish.event_id, "trace_id": call.trace_id}
    await events.record(connection, wish.order_id, event, {"status": after.value}, now=call.now, **ids)
    if decides(wish.before, after):
        await announce(connection, wish.order_id)
    data = {"reason": wish.reason} if wish.reason else {}
    told = Signal(wish.signal_id, wish.order_id, "cancel", f"partner:{call.caller.partner}", data)
    await signal(connection, told, now=call.now, trace_id=call.trace_id)


_REQUEST = "update orders set status = %s, version = version + 1, updated_at = %s, cancel = %s where order_id = %s"
