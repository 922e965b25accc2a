"""
Offers as customers answer them, under the locks of run and order.

One is open until it is answered or over, and what the time is says the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.customer_refusals import OfferClosed
from gateway.domain.holds import has_ended
from gateway.domain.offer_decisions import EVENTS, OfferAnswer, OfferKind
from gateway.refusals import Conflict, Fault, Invalid
from gateway.store import events
from gateway.store.cancelling import Standing
from gateway.store.delivery_promises import AGREE
from gateway.store.hands import Hand
from gateway.store.pool import Connection

# Part of a statement about orders `o`: the open offer of each as its partner may see it, null when there is none.
OPEN_OFFERS: LiteralString = """
(select jsonb_agg(jsonb_build_object('offer_id', f.offer_id, 'kind', f.kind, 'promise_by', f.promise_by,
                                     'group_id', coalesce(f.group_id, o.document #>> '{delivery_groups,0,id}'),
                                     'node_id', f.node_id, 'node_name', n.name,
                                     'lines', f.lines, 'expires_at', f.expires_at) order by f.made_at, f.offer_id)
   from offer f join node n using (node_id)
  where f.order_id = o.order_id and f.state = 'open' and f.expires_at > clock_timestamp())"""


@dataclass(frozen=True, slots=True)
class Decided:
    """An offer that has its answer."""

    offer_id: str
    order_id: str
    group_id: str
    kind: OfferKind
    state: OfferAnswer
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What the customer answers; *address*: where it shall be sent instead of where the order says."""

    answer: OfferAnswer
    address: Mapping[str, Any] | None = field(default=None, repr=False)


async def decide(
    connection: Connection, order_id: str, offer_id: str, reply: Reply, *, standing: Standing, by: Hand
) -> tuple[Decided, bool] | None:
    """The offer as it was decided, and whether that is this reply's doing: the same answer again changes nothing.

    The caller has locked run and order, which it has seen *standing*. None: the order has no such offer. Raises
    `OfferClosed` for what has the other answer or is over, and `Invalid` for what nobody could send anywhere.
    """
    row = await (await connection.execute(_FIND, (order_id, offer_id))).fetchone()
    if row is None:
        return None
    group_id, kind, state, decided_at, over, has_address = row
    if state == reply.answer:
        return Decided(offer_id, order_id, group_id, kind, state, decided_at), False
    if state != "open" or over:
        state = "expired" if state == "open" else state
        raise OfferClosed(_CLOSED[state], effect="none", state=state)
    if has_ended(standing.status):
        raise Conflict(f"the order is {standing.status}: there is nothing left to agree to", effect="none")
    _refuse_unless_addressed(kind, reply, has_address=has_address)
    decided = Decided(offer_id, order_id, group_id, kind, reply.answer, by.now)
    await connection.execute(_DECIDE, (decided.state, decided.decided_at, offer_id))
    if decided.state == "accepted":
        await connection.execute(AGREE, {"offer": offer_id, "group": group_id, "now": by.now})
    await _keep_address(connection, decided, reply, by)
    await _tell(connection, decided, by)
    return decided, True


_FIND = """
select g.id, f.kind, f.state, f.decided_at, f.expires_at <= clock_timestamp(),
       coalesce(p.document ? 'address' or p.document -> 'addresses' ? g.id, false)
  from offer f join orders o using (order_id) left join personal_data p using (personal_id),
       coalesce(f.group_id, o.document #>> '{delivery_groups,0,id}') as g (id)
 where f.order_id = %s and f.offer_id = %s
"""
_CLOSED = {
    "accepted": "the offer has been accepted",
    "declined": "the offer has been declined",
    "expired": "the time to answer the offer is over",
}
_DECIDE = "update offer set state = %s, decided_at = %s where offer_id = %s"


def _refuse_unless_addressed(kind: OfferKind, reply: Reply, *, has_address: bool) -> None:
    """What is sent needs an address, and nothing else takes one."""
    if kind != "ship_to_home" and reply.address is not None:
        fault = Fault("#/address", "not_expected", "is of no use: nothing would be sent")
        raise Invalid("the offer is not to have it sent elsewhere", faults=(fault,), effect="none")
    if kind == "ship_to_home" and reply.answer == "accepted" and reply.address is None and not has_address:
        fault = Fault("#/address", "required", "is required: the order has none")
        raise Invalid("it cannot be sent without an address", faults=(fault,), effect="none")


async def _keep_address(connection: Connection, decided: Decided, reply: Reply, by: Hand) -> None:
    """With what else is known of the person, in the manner of `gateway.domain.documents`; of one forgotten, alone."""
    if reply.address is not None:
        where = {"order": decided.order_id, "group": decided.group_id}
        values = where | {"fresh": by.mint("per"), "address": Jsonb(dict(reply.address)), "now": by.now}
        await connection.execute(_ADDRESS, values)


_ADDRESS = """
with kept as (
    insert into personal_data (personal_id, document, created_at)
    select coalesce(personal_id, %(fresh)s),
           case when jsonb_array_length(document -> 'delivery_groups') = 1
                then jsonb_build_object('address', %(address)s::jsonb)
                else jsonb_build_object('addresses', jsonb_build_object(%(group)s::text, %(address)s::jsonb)) end,
           %(now)s
      from orders where order_id = %(order)s
        on conflict (personal_id) do update set document = personal_data.document || case
           when excluded.document ? 'address' then excluded.document
           else jsonb_build_object('addresses', coalesce(personal_data.document -> 'addresses', '{}')
                                                || (excluded.document -> 'addresses')) end
    returning personal_id
)
update orders set personal_id = kept.personal_id from kept where order_id = %(order)s
"""


async def _tell(connection: Connection, decided: Decided, by: Hand) -> None:
    """The order has a new version, its partner can read why, and its run goes on with the answer."""
    offer = {"offer_id": decided.offer_id, "group_id": decided.group_id, "kind": decided.kind}
    await events.tell_of_order(connection, decided.order_id, EVENTS[decided.state], by, offer=offer)
    await connection.execute("select wake(%s)", (decided.order_id,))
