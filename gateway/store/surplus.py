"""What came beyond an order: found, and decided about once, in the caller's transaction. The order is locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.domain.procurement import RECEIVING
from gateway.store import postings
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.purchase_orders import delivered_of

Decision = Literal["accepted", "refused"]


@dataclass(frozen=True, slots=True)
class Surplus:
    """Of one receipt: *pieces* by line."""

    receipt_id: str
    node_id: str
    counted_by: str
    pieces: Mapping[str, int]


async def undecided(connection: Connection, po_id: str) -> list[Surplus]:
    """As it was counted, the first first."""
    cursor = await connection.execute(_UNDECIDED, (po_id,))
    return [Surplus(*row) for row in await cursor.fetchall()]


_UNDECIDED = """
select g.receipt_id, g.node_id, g.received_by, jsonb_object_agg(l.line_id, l.over)
  from goods_receipt g join goods_receipt_line l using (receipt_id)
 where g.po_id = %s and l.over > 0 and not exists (select from surplus s where s.receipt_id = g.receipt_id)
 group by g.receipt_id order by g.position
"""


def pieces_of(found: Sequence[Surplus]) -> Mapping[str, int]:
    """By line, in all of them."""
    lines = dict.fromkeys(line_id for each in found for line_id in each.pieces)
    return {line_id: sum(each.pieces.get(line_id, 0) for each in found) for line_id in lines}


async def decide(connection: Connection, po_id: str, found: Surplus, decision: Decision, hand: Hand) -> str:
    """What is bought is told to the ERP by a run of its own, which begins here. Returns its id."""
    surplus_id = hand.mint("spl")
    values = (surplus_id, found.receipt_id, decision, hand.who, hand.trace_id, hand.now)
    await connection.execute(_DECIDE, values)
    await delivered_of(connection, po_id, "surplus_decided", hand, {"receipt_id": found.receipt_id})
    if decision == "accepted":
        await postings.begin(connection, surplus_id, RECEIVING, hand)
    return surplus_id


_DECIDE = """
insert into surplus (surplus_id, receipt_id, decision, decided_by, trace_id, decided_at) values (%s, %s, %s, %s, %s, %s)
"""
