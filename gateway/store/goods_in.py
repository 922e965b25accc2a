"""Goods come in: written down once, what is whole put on the shelf, what is too many kept apart for a buyer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.domain.feeds import Delta
from gateway.domain.procurement import RECEIVING
from gateway.domain.receiving import Counted
from gateway.store import adjustments, postings
from gateway.store.exceptions import Opening, open_exception
from gateway.store.feeds import take_deltas
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.purchase_orders import PurchaseOrder, delivered_of
from gateway.store.views import Hearing, lock_places

OVER_RECEIPT, OVER_RECEIPT_CODE = "suppliers/over_receipt", "over_receipt"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A receipt: *number* is the node's, the same for ever."""

    receipt_id: str
    node_id: str
    number: str
    content_hash: bytes
    document: Mapping[str, Any]
    asn_id: str | None
    at: datetime


async def had_a_hand_in(connection: Connection, po_id: str, account: str, operator: str) -> bool:
    """Whether this person wrote a revision of the order, bought more than it says, decided a step of an approval of
    either, or confirmed it for its supplier."""
    cursor = await connection.execute(_HANDS, {"po": po_id, "account": account, "operator": operator})
    return await cursor.fetchone() is not None


_HANDS = """
select from purchase_order_revision where po_id = %(po)s and made_by = %(account)s
union all
select from surplus join goods_receipt using (receipt_id)
 where po_id = %(po)s and decision = 'accepted' and decided_by = %(account)s
union all
select from approval a join approval_step s using (approval_id)
 where a.kind in ('purchase_order', 'over_receipt') and a.subject = %(po)s
   and s.decided_by in (%(account)s, %(operator)s)
union all
select from po_confirmation where po_id = %(po)s and told_by = %(account)s
"""


async def write_receipt(
    connection: Connection, order: PurchaseOrder, told: Arrival, lines: Sequence[Counted], hand: Hand
) -> None:
    """The order is locked."""
    values = {
        **{"id": told.receipt_id, "po": order.po_id, "node": told.node_id, "number": told.number},
        **{"hash": told.content_hash, "document": Jsonb(dict(told.document)), "asn": told.asn_id},
        **{"revision": order.revision.revision, "by": hand.who, "at": told.at},
        **{"trace": hand.trace_id, "now": hand.now},
    }
    await connection.execute(_WRITE, values)
    rows = [(told.receipt_id, *(getattr(line, name) for name in Counted.__slots__)) for line in lines]
    await connection.cursor().executemany(_LINE, rows)
    await delivered_of(connection, order.po_id, "goods_received", hand, {"receipt_id": told.receipt_id})
    await postings.begin(connection, told.receipt_id, RECEIVING, hand)


_WRITE = """
insert into goods_receipt (receipt_id, po_id, position, node_id, receipt_number, content_hash, document, asn_id,
                           revision, received_by, received_at, trace_id, recorded_at)
select %(id)s, %(po)s, count(*) + 1, %(node)s, %(number)s, %(hash)s, %(document)s, %(asn)s, %(revision)s, %(by)s,
       %(at)s, %(trace)s, %(now)s
  from goods_receipt where po_id = %(po)s
"""
_LINE = """
insert into goods_receipt_line (receipt_id, line_id, received, damaged, accepted, over) values (%s, %s, %s, %s, %s, %s)
"""


async def keep_apart(connection: Connection, order: PurchaseOrder, told: Arrival, hand: Hand) -> None:
    """What is too many, in all receipts of the order, and nobody has decided about yet, is a buyer's to."""
    cursor = await connection.execute(_OVER, (order.po_id,))
    over = {row[0]: int(row[1]) for row in await cursor.fetchall()}
    evidence = {"po_number": order.po_number, "receipt_id": told.receipt_id, "node_id": told.node_id, "over": over}
    opening = Opening(hand.mint("xcp"), OVER_RECEIPT, OVER_RECEIPT_CODE, order.po_id, evidence, ("accept", "refuse"))
    await open_exception(connection, opening, now=hand.now)


_OVER = """
select line_id, sum(over) from goods_receipt g join goods_receipt_line using (receipt_id)
 where po_id = %s and not exists (select from surplus s where s.receipt_id = g.receipt_id)
 group by line_id having sum(over) > 0
"""


@dataclass(frozen=True, slots=True)
class Shelved:
    """Pieces, by line, that are stock of a node from a moment on. *fact* names them, the same for ever."""

    fact: str
    node_id: str
    at: datetime
    pieces: Mapping[str, int]


async def lock_shelves(connection: Connection, order: PurchaseOrder, new: Sequence[Shelved]) -> None:
    """Before several are put on the shelf: all at once, so that two orders never wait for each other."""
    skus = {line.line_id: line.sku for line in order.revision.lines}
    places = {(skus[line_id], each.node_id, "new") for each in new for line_id in each.pieces}
    await lock_places(connection, sorted(places))


async def put_on_shelf(connection: Connection, order: PurchaseOrder, new: Shelved, *, hearing: Hearing) -> None:
    """Once: the node's truth takes a fact once."""
    skus = {line.line_id: line.sku for line in order.revision.lines}
    fit: dict[str, int] = {}
    for line_id, pieces in new.pieces.items():
        if pieces:
            fit[skus[line_id]] = fit.get(skus[line_id], 0) + pieces
    for sku, pieces in sorted(fit.items()):
        place = (sku, new.node_id, "new")
        truth = (await adjustments.look(connection, place, "on_hand")).truth
        delta = Delta(f"{new.fact}:{sku}", place, pieces, "receipt", new.at, "on_hand", order.po_number)
        await take_deltas(connection, truth, [delta], hearing, why="receipt")
