"""Goods that came for purchase orders, each receipt once, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from gateway.store.pool import Connection, Database
from gateway.store.suppliers import alone


@dataclass(frozen=True, slots=True)
class Came:
    """Of one line, in all receipts."""

    received: int
    accepted: int  # whole, and no more than is tolerated or was bought besides
    revision: int  # which was in force when the first of it came


async def came(connection: Connection, po_id: str) -> Mapping[str, Came]:
    """By line; a line of which nothing came is not there."""
    cursor = await connection.execute(_CAME, (po_id,))
    return {row[0]: Came(int(row[1]), int(row[2]), row[3]) for row in await cursor.fetchall()}


_CAME = """
select line_id, sum(received), sum(accepted), (array_agg(revision order by position))[1]
  from goods_come where po_id = %s group by line_id
"""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line as it was counted, beside what had come before it; *ordered* in the revision that was in force."""

    line_id: str
    sku: str
    ordered: int
    received_before: int
    received: int
    damaged: int
    accepted: int
    over: int
    short: int  # still open after it


@dataclass(frozen=True, slots=True)
class Receipt:
    receipt_id: str
    receipt_number: str
    po_id: str
    node_id: str
    asn_id: str | None
    revision: int
    received_by: str
    received_at: datetime
    recorded_at: datetime
    content_hash: bytes
    document: Mapping[str, Any]
    over_decision: Literal["accepted", "refused"] | None  # what became of what was too many
    lines: tuple[ReceiptLine, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which receipts are asked for; None: whatever they are. A partner sees those of its supplier's orders."""

    partner: str | None
    receipt_id: str | None = None
    po_id: str | None = None
    node_id: str | None = None
    number: str | None = None


_SELECT: LiteralString = """
select g.receipt_id, g.receipt_number, g.po_id, g.node_id, g.asn_id, g.revision, g.received_by, g.received_at,
       g.recorded_at, g.content_hash, g.document, b.decision, counted.lines
  from goods_receipt g join purchase_order o using (po_id) join supplier s using (supplier_id)
  join purchase_order_revision r on r.po_id = g.po_id and r.revision = g.revision
  left join surplus b on b.receipt_id = g.receipt_id
  cross join lateral (
       select jsonb_agg(jsonb_build_object(
                  'line_id', l.line_id, 'sku', upper(was.line ->> 'sku'), 'ordered', (was.line ->> 'quantity')::bigint,
                  'received_before', before.received, 'received', l.received, 'damaged', l.damaged,
                  'accepted', l.accepted, 'over', l.over,
                  'short', greatest((was.line ->> 'quantity')::bigint - before.accepted - l.accepted, 0))
                  order by was.place) as lines
         from goods_receipt_line l
         join jsonb_array_elements(r.lines) with ordinality as was (line, place) on was.line ->> 'line_id' = l.line_id
        cross join lateral (
              select coalesce(sum(e.received), 0) as received, coalesce(sum(e.accepted), 0) as accepted
                from goods_receipt earlier join goods_receipt_line e using (receipt_id)
               where earlier.po_id = g.po_id and earlier.position < g.position and e.line_id = l.line_id) before
        where l.receipt_id = g.receipt_id) counted
 where (%(partner)s::text is null or s.partner_id = %(partner)s)
   and (%(receipt_id)s::text is null or g.receipt_id = %(receipt_id)s)
   and (%(po_id)s::text is null or g.po_id = %(po_id)s) and (%(node_id)s::text is null or g.node_id = %(node_id)s)
   and (%(number)s::text is null or g.receipt_number = %(number)s)
   and (%(after)s::text is null or g.receipt_id < %(after)s)
 order by g.receipt_id desc limit %(limit)s
"""


def _read(row: tuple[Any, ...]) -> Receipt:
    told = dict(zip(Receipt.__slots__, row, strict=True))
    return Receipt(**{**told, "lines": tuple(ReceiptLine(**line) for line in told["lines"])})


def _values(sought: Sought, *, after: str | None, limit: int) -> Mapping[str, Any]:
    return {**{name: getattr(sought, name) for name in Sought.__slots__}, "after": after, "limit": limit}


async def load_receipt(connection: Connection, sought: Sought) -> Receipt | None:
    """None: there is none, or it is not of an order to that partner's supplier."""
    cursor = await connection.execute(_SELECT, _values(sought, after=None, limit=1))
    row = await cursor.fetchone()
    return _read(row) if row else None


async def list_receipts(database: Database, sought: Sought, *, after: str | None, limit: int) -> list[Receipt]:
    """The newest first, beginning behind *after*."""
    async with database.connection() as connection:
        cursor = await connection.execute(_SELECT, _values(sought, after=after, limit=limit))
        return [_read(row) for row in await cursor.fetchall()]


async def known_receipt(connection: Connection, node_id: str, number: str) -> Receipt | None:
    """What this node told under the number. Nobody else tells anything under it meanwhile."""
    await alone(connection, f"goods-receipt:{node_id}:{number}")
    return await load_receipt(connection, Sought(None, node_id=node_id, number=number))
