"""Orders as partners read them: another's order is as absent as an unknown one. A partner that is None reads all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.documents import Document, whole
from gateway.domain.orders import OrderStatus, is_decided
from gateway.domain.payment_ledger import PaymentLedger, PaymentStatus, payment_status
from gateway.domain.quantities import FulfilmentStatus, Quantities, fulfilment_status
from gateway.domain.returns import OrderReturnStatus, order_return_status
from gateway.store.delivery_promises import PROMISES
from gateway.store.holds import OPEN_HOLDS
from gateway.store.offer_decisions import OPEN_OFFERS
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
    pieces: Mapping[str, Quantities] = field(default_factory=dict)  # by line; none before it has been sourced
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # why pieces of a line were cancelled
    money: PaymentLedger | None = None
    holds: Sequence[Mapping[str, Any]] | None = None  # the open ones; moments are text
    offers: Sequence[Mapping[str, Any]] | None = None  # the same
    parts: Sequence[Mapping[str, Any]] = ()
    asked_back: int = 0  # pieces in returns that were not given up, and of others those that came
    came_back: int = 0
    promises: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by group: by, source

    @property
    def payment_status(self) -> PaymentStatus | None:
        """None: of an order that began before this was written down."""
        if self.money is None:
            return None if is_decided(self.status) and not self.pieces else "unpaid"
        return payment_status(self.money)

    @property
    def fulfilment_status(self) -> FulfilmentStatus | None:
        """None: of an order that began before this was written down."""
        if not self.pieces:
            return None if is_decided(self.status) and self.money is None else "unfulfilled"
        return fulfilment_status(list(self.pieces.values()))

    @property
    def return_status(self) -> OrderReturnStatus:
        return order_return_status(list(self.pieces.values()), asked=self.asked_back, received=self.came_back)

    @property
    def action(self) -> tuple[str, str] | None:
        """Where its customer has to go, and until when; None: they have nothing to do."""
        if self.status not in _GOES_ON or ACTION[0] not in self.references:
            return None
        _, url, expires_at = (self.references[name] for name in ACTION)
        return url, expires_at


_GOES_ON = (OrderStatus.RECEIVED, OrderStatus.ACCEPTED, OrderStatus.PROCESSING)


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
    personal, reason, cancel, references, received_at, updated_at, holds, offers, promises, *told = rest
    lines, why, money, parts, back = told
    return OrderRow(
        order_id=order_id,
        status=OrderStatus(status),
        version=version,
        document=whole(kept, personal),
        reason=reason,
        cancel=cancel,
        references=references,
        received_at=received_at,
        updated_at=updated_at,
        holds=holds,
        offers=offers,
        pieces={line_id: Quantities(**standing) for line_id, standing in (lines or {}).items()},
        reasons=why or {},
        money=PaymentLedger(**money) if money else None,
        parts=parts or (),
        asked_back=back["asked"],
        came_back=back["came"],
        promises=promises or {},
    )


_READ: LiteralString = f"""
select asked.order_id, asked.partner, o.status, o.version, o.document, p.document, o.reason, o.cancel, o.refs,
       o.received_at, o.updated_at, {OPEN_HOLDS}, {OPEN_OFFERS}, {PROMISES},
       (select jsonb_object_agg(l.line_id, to_jsonb(l) - '{{order_id,line_id,number,sku,quantity,reason}}'::text[])
          from order_line l where l.order_id = o.order_id),
       (select jsonb_object_agg(l.line_id, l.reason)
          from order_line l where l.order_id = o.order_id and l.cancelled > 0 and l.reason is not null),
       (select to_jsonb(m) - '{{order_id,expires_at,held_at,authorisation}}'::text[]
          from payment m where m.order_id = o.order_id),
       (select jsonb_agg(jsonb_build_object(
                   'fulfilment_id', f.fulfilment_id, 'group_id', f.group_id, 'status', f.status,
                   'method', f.method, 'amount', f.amount,
                   'reason', f.reason,
                   'lines', (select jsonb_agg(jsonb_build_object('line_id', l.line_id, 'quantity', l.pieces))
                               from (select line_id, sum(quantity) as pieces from fulfilment_line
                                      where fulfilment_id = f.fulfilment_id group by line_id order by line_id) l))
               order by f.number) from fulfilment f where f.order_id = o.order_id),
       (select jsonb_build_object('came', coalesce(sum(l.received), 0), 'asked', coalesce(sum(
                   case when r.state in ('authorised', 'closed') then l.authorised else l.received end), 0))
          from return_line l join returns r using (return_id) where l.order_id = o.order_id)
  from unnest(%s::text[], %s::text[]) as asked (order_id, partner)
  join orders o on o.order_id = asked.order_id and (asked.partner is null or o.partner_id = asked.partner)
  left join personal_data p on p.personal_id = o.personal_id
"""


async def list_events(
    database: Database, order_id: str, *, partner: str | None, after: int | None, limit: int
) -> list[EventRow]:
    """Oldest first, beginning behind the sequence number *after*. An order that was accepted has at least one."""
    async with database.connection() as connection:
        cursor = await connection.execute(_EVENTS, (order_id, after or 0, partner, partner, limit))
        return [EventRow(*row) for row in await cursor.fetchall()]


_EVENTS = """
select e.event_id, e.sequence, e.type, e.occurred_at, e.data
  from orders o join event e on e.subject = o.order_id
 where o.order_id = %s and e.sequence > %s and (%s::text is null or o.partner_id = %s)
 order by e.sequence limit %s
"""
