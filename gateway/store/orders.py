"""Orders as the workflow sees them: loaded, locked and moved, always inside the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from gateway.domain.documents import addresses
from gateway.domain.orders import (
    Address,
    Contact,
    Order,
    OrderStatus,
    address_from,
    decides,
    event_type,
    may_become,
    order_from,
)
from gateway.store import events
from gateway.store.decisions import ANNOUNCE, announce
from gateway.store.hands import Hand
from gateway.store.pool import Connection

ACTION = ("next_action.type", "next_action.url", "next_action.expires_at")  # among an order's references
_WITHOUT_ACTION = f"(refs - '{{{','.join(ACTION)}}}'::text[])"
ACTION_NEEDED_EVENT = "com.omnigate.order.payment_action_needed.v1"


@dataclass(frozen=True, slots=True)
class StoredOrder:
    order: Order
    addresses: Mapping[str, Address]  # by delivery group; none of one that is fetched, or of a person forgotten
    contact: Contact | None
    status: OrderStatus
    cancel_requested: bool
    trace_id: str
    partner_id: str
    authorisation: str | None = None  # that money is taken of; None: the first


async def load(connection: Connection, order_id: str) -> StoredOrder:
    cursor = await connection.execute(_LOAD, (order_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{order_id} was accepted together with its run"
    document, personal, status, trace_id, partner_id, authorisation = row
    return StoredOrder(
        order=order_from(document, order_id),
        addresses={group: address_from(known) for group, known in addresses(document, personal).items()},
        contact=Contact(**personal["contact"]) if personal and "contact" in personal else None,
        status=OrderStatus(status),
        cancel_requested=status == OrderStatus.CANCEL_REQUESTED,
        trace_id=trace_id,
        partner_id=partner_id,
        authorisation=authorisation,
    )


_LOAD = """
select o.document, p.document, o.status, o.trace_id, o.partner_id, m.authorisation
  from orders o left join personal_data p on p.personal_id = o.personal_id left join payment m using (order_id)
 where o.order_id = %s
"""


async def lock_status(connection: Connection, order_id: str) -> OrderStatus:
    """Where the order stands, and nobody else moves it until the transaction ends."""
    cursor = await connection.execute("select status from orders where order_id = %s for no key update", (order_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{order_id} was accepted together with its run"
    return OrderStatus(row[0])


async def transition(
    connection: Connection,
    order_id: str,
    to_status: str,
    by: Hand,
    *,
    reason: Mapping[str, str] | None = None,
    cancel_outcome: str | None = None,
    refs: Mapping[str, str] | None = None,
) -> None:
    """Move the order, with its event; a move that the state machine does not know is a mistake of ours."""
    after = OrderStatus(to_status)
    values = {
        "order_id": order_id,
        "after": after.value,
        **_moves(after),
        "now": by.now,
        "reason": Jsonb(dict(reason)) if reason else None,
        "cancel": Jsonb({"outcome": cancel_outcome} if cancel_outcome else {}),
        "refs": Jsonb(dict(refs or {})),
        "event_id": by.mint("evt"),
        "trace_id": by.trace_id,
        "data": Jsonb({"status": after.value} | ({"reason": dict(reason)} if reason else {})),
    }
    moved = await (await connection.execute(_MOVE, values)).fetchone()
    assert moved, f"{order_id} cannot go from {await lock_status(connection, order_id)} to {after}"


async def refer(connection: Connection, order_id: str, refs: Mapping[str, str]) -> None:
    """What executors call what they do for it."""
    if refs:
        await connection.execute(
            "update orders set refs = refs || %s where order_id = %s", (Jsonb(dict(refs)), order_id)
        )


def _moves(after: OrderStatus) -> dict[str, list[Any]]:
    """Where it may come from, what that is called, and whether it is the decision that others wait for."""
    befores = [before for before in OrderStatus if may_become(before, after)]
    return {
        "befores": [before.value for before in befores],
        "types": [event_type(before, after) for before in befores],
        "deciding": [decides(before, after) for before in befores],
    }


async def ask(connection: Connection, order_id: str, action: Mapping[str, str] | None, by: Hand) -> None:
    """Let the channel know what its customer has to do; None: nothing any more. Kept with what an order refers to, and
    only for as long as it can be done."""
    asked = {f"next_action.{name}": value for name, value in (action or {}).items()}
    assert asked.keys() <= set(ACTION), "an action has these parts"
    values = {"order_id": order_id, "now": by.now, "refs": Jsonb(asked)}
    cursor = await connection.execute(_ASK, values)
    row = await cursor.fetchone()
    if action is not None and row is not None:
        await events.tell(connection, order_id, ACTION_NEEDED_EVENT, by, {"status": row[0]})
        await announce(connection, order_id)


_ASK = f"""
update orders set version = version + 1, updated_at = %(now)s, refs = {_WITHOUT_ACTION} || %(refs)s
 where order_id = %(order_id)s returning status
"""

_MOVE = f"""
with moved as (
    update orders set status = %(after)s, version = version + 1, updated_at = %(now)s,
           reason = coalesce(%(reason)s, reason), refs = {_WITHOUT_ACTION} || %(refs)s,
           cancel = case when cancel is null then null else cancel || %(cancel)s end
      from unnest(%(befores)s::text[], %(types)s::text[], %(deciding)s::boolean[]) as move (before, type, deciding)
     where order_id = %(order_id)s and status = move.before
    returning move.type, move.deciding
)
select record_event(%(event_id)s, %(order_id)s, moved.type, %(now)s, %(trace_id)s, %(data)s),
       case when moved.deciding then {ANNOUNCE} end
  from moved
"""
