"""For whom something is reserved, and what a request for it has been answered before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.context import Answer
from gateway.domain.orders import OrderStatus
from gateway.domain.reservations import Holder
from gateway.refusals import Fault, Invalid, Refused
from gateway.stock_refusals import HolderClosed
from gateway.store.pool import Connection

ENDED = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.COMPLETED})

NaturalKey = tuple[str | None, str, str, int]  # partner, holder's type and id, attempt
Key = tuple[str, str]  # partner, idempotency key


@dataclass(frozen=True, slots=True)
class Order:
    """An order that holds, as far as reservations care."""

    partner: str
    status: OrderStatus


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier request with the same natural key was given."""

    reservation_id: str
    content_hash: bytes | None
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Question:
    key: Key
    natural_key: NaturalKey
    at: datetime


@dataclass(slots=True)
class Known:
    """What is known about requests under all their locks; *now* is the database's clock."""

    now: datetime
    orders: Mapping[str, Order]
    answered: dict[Key, tuple[bytes, Answer]]  # the fingerprint of the request, and its answer
    before: dict[NaturalKey, Before]


def refusal(holder: Holder, orders: Mapping[str, Order], *, reach: str | None) -> Refused | None:
    """Why nothing can be reserved for the holder. A foreign order is as absent as an unknown one."""
    if holder.type != "order":
        return None
    order = orders.get(holder.id)
    if order is None or reach not in (None, order.partner):
        fault = Fault("#/holder/id", "unknown_order", "there is no such order")
        return Invalid("the holder is not known", faults=(fault,), effect="none")
    if order.status in ENDED:
        return HolderClosed(f"the order is {order.status}; nothing is reserved for it any more", effect="none")
    return None


async def lock_orders(connection: Connection, named: Sequence[Holder]) -> dict[str, Order]:
    """The orders among the holders: until the transaction ends, none of them ends."""
    order_ids = sorted({holder.id for holder in named if holder.type == "order"})
    if not order_ids:
        return {}
    cursor = await connection.execute(_ORDERS, (order_ids,))
    return {row[0]: Order(row[1], OrderStatus(row[2])) for row in await cursor.fetchall()}


_ORDERS = """
select order_id, partner_id, status from orders where order_id = any(%s) order by order_id for share
"""


async def read_known(connection: Connection, asked: Sequence[Question], orders: Mapping[str, Order]) -> Known:
    answered, before, now = {}, {}, asked[0].at
    partners, keys = [q.key[0] for q in asked], [q.key[1] for q in asked]
    natural = [list(column) for column in zip(*(q.natural_key for q in asked), strict=True)]
    cursor = await connection.execute(_KNOWN, [partners, keys, [q.at for q in asked], *natural])
    for position, moment, *row in await cursor.fetchall():
        now = moment
        fingerprint, status, headers, body, reservation_id, content_hash, receipt = row
        question = asked[position - 1]
        if fingerprint is not None:
            answered[question.key] = fingerprint, Answer(status, headers, body, replayed=True)
        if receipt is not None:
            before[question.natural_key] = Before(reservation_id, content_hash, receipt)
    return Known(now, orders, answered, before)


_KNOWN = """
select a.position, clock_timestamp(), i.fingerprint, i.status, i.headers, i.body, r.reservation_id, r.content_hash,
       r.receipt
  from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::integer[])
           with ordinality as a (account, key, at, partner_id, holder_type, holder_id, attempt, position)
  left join idempotency i on i.partner_id = a.account and i.key = a.key and i.expires_at > a.at
  left join reservation r on r.partner_id = a.partner_id and r.holder_type = a.holder_type
                         and r.holder_id = a.holder_id and r.attempt = a.attempt
"""
