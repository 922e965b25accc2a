"""Suppliers' invoices compared with their orders and what came, in the caller's transaction. It has locked the order:
two invoices at once never use the same goods."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.matching import exception_due, match
from gateway.domain.matching_terms import Match, MatchingRules, Ordered, OrderedLine
from gateway.domain.purchase_orders import OrderState, PurchaseLine, read_lines
from gateway.domain.supplier_invoices import Claim, judged, match_document, micros
from gateway.store.goods_receipts import Came, came
from gateway.store.hands import Hand
from gateway.store.pool import Connection

_OVER = (OrderState.CANCELLED, OrderState.CLOSED, OrderState.DECLINED)  # nothing more will come of it


@dataclass(frozen=True, slots=True)
class Queued:
    """An invoice of an order. *place*: before which others count, and those that have passed meanwhile; None: all of
    them, for it is new."""

    po_id: str
    claim: Claim
    arrived: date
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A match; *share*: the invoice's own, of what the order may cost too much."""

    told: Match
    share: int
    document: Mapping[str, Any]


async def compare(connection: Connection, queued: Queued, rules: MatchingRules, *, today: date) -> Made:
    """The match as it stands *today*."""
    ordered = await _ordered(connection, queued)
    told = judged(match(ordered, queued.claim.billed, rules), arrived=queued.arrived, today=today, rules=rules)
    return Made(told, told.overpaid - ordered.overpaid, match_document(told, queued.claim))


def grace_ends(told: Match, arrived: date, rules: MatchingRules) -> date | None:
    """Of one that waits."""
    return exception_due(told, arrived, rules) if told.verdict == "not_received" else None


async def _ordered(connection: Connection, queued: Queued) -> Ordered:
    received = await came(connection, queued.po_id)
    revisions = sorted({each.revision for each in received.values()})
    cursor = await connection.execute(_REVISIONS, (queued.po_id, revisions))
    rows = await cursor.fetchall()
    currency, over = rows[0][2], OrderState(rows[0][4]) in _OVER
    known = {number: {line.line_id: line for line in read_lines(lines)} for number, lines, *_ in rows}
    before = {"po": queued.po_id, "place": queued.place}
    invoiced = await _by_name(connection, _BEFORE, before)
    lines = (
        _line(line_id, known, known.get(rows[0][3], {}).get(line_id), received.get(line_id))
        for line_id in dict.fromkeys([*known.get(rows[0][3], {}), *received])
    )
    cursor = await connection.execute(_OVERPAID, before)
    overpaid = await cursor.fetchone()
    return Ordered(
        currency=currency,
        lines=tuple(_priced(line, currency, invoiced, over=over) for line in lines),
        charged=await _by_name(connection, _CHARGED, before),
        overpaid=int(overpaid[0]) if overpaid else 0,
    )


async def _by_name(
    connection: Connection, question: LiteralString, values: Mapping[str, str | int | None]
) -> dict[str, int]:
    cursor = await connection.execute(question, values)
    return {name: int(number) for name, number in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class _Line:
    """*terms*: of the revision in force when its goods came first; else of the one that the supplier has."""

    terms: PurchaseLine
    ordered: int
    came: Came | None


def _line(
    line_id: str, known: Mapping[int, Mapping[str, PurchaseLine]], issued: PurchaseLine | None, received: Came | None
) -> _Line:
    terms = known.get(received.revision, {}).get(line_id, issued) if received else issued
    assert terms is not None, "what came was ordered"
    return _Line(terms, issued.quantity if issued else received.accepted if received else 0, received)


def _priced(line: _Line, currency: str, invoiced: Mapping[str, int], *, over: bool) -> OrderedLine:
    received, accepted = (line.came.received, line.came.accepted) if line.came else (0, 0)
    return OrderedLine(
        id=line.terms.line_id,
        ordered=min(line.ordered, received) if over else line.ordered,
        price=micros(line.terms.unit_price, currency),
        received=received,
        accepted=accepted,
        invoiced=invoiced.get(line.terms.line_id, 0),
        tax_points=line.terms.tax_points,
    )


_REVISIONS = """
select r.revision, r.lines, o.currency, o.issued_revision, o.state
  from purchase_order_revision r join purchase_order o using (po_id)
 where r.po_id = %s and (r.revision = o.issued_revision or r.revision = any(%s))
"""
# What has passed is paid: it counts whatever its place, so that nothing is paid once more to one that was before it.
_COUNTS: LiteralString = """i.po_id = %(po)s and i.state <> 'rejected'
   and (%(place)s::bigint is null or i.place < %(place)s
        or i.place > %(place)s and i.state in ('approved', 'posted'))"""
_BEFORE: LiteralString = f"""
select line ->> 'line_id', sum((line ->> 'quantity')::bigint)
  from supplier_invoice i cross join lateral jsonb_array_elements(i.lines) line
 where {_COUNTS} and line ? 'line_id'
 group by 1
"""
_CHARGED: LiteralString = f"""
select charge ->> 'kind', sum((charge ->> 'amount')::numeric)
  from supplier_invoice i cross join lateral jsonb_array_elements(i.document -> 'charges') charge
 where {_COUNTS}
 group by 1
"""
_OVERPAID: LiteralString = f"select coalesce(sum(i.overpaid), 0) from supplier_invoice i where {_COUNTS}"


async def counted(connection: Connection, po_id: str) -> int:
    """The order's invoices that count."""
    cursor = await connection.execute(
        f"select count(*) from supplier_invoice i where {_COUNTS}", {"po": po_id, "place": None}
    )
    row = await cursor.fetchone()
    assert row is not None, "a count is a row"
    return int(row[0])


async def conceded(connection: Connection, po_id: str, invoice_id: str, currency: str) -> int:
    """Minor units: what the order's other invoices cost too much and were let pass with, by people or their policy."""
    about = {"po": po_id, "invoice": invoice_id, "currency": currency}
    cursor = await connection.execute(_CONCEDED, about)
    row = await cursor.fetchone()
    assert row is not None, "a sum is a row"
    return int(row[0])


_CONCEDED = """
select coalesce(sum((a.content -> 'match' ->> 'excess')::numeric), 0)
  from supplier_invoice i join approval a on a.kind = 'supplier_invoice' and a.subject = i.invoice_id
 where i.po_id = %(po)s and i.invoice_id <> %(invoice)s and i.state in ('approved', 'posted')
   and a.state = 'approved' and a.currency = %(currency)s
"""


async def keep_match(connection: Connection, invoice_id: str, made: Made, hand: Hand, *, cause: str) -> None:
    document = Jsonb(dict(made.document))
    await connection.execute(_KEEP, (invoice_id, cause, made.told.verdict, document, hand.now, invoice_id))
    sets = "update supplier_invoice set overpaid = %s where invoice_id = %s"
    await connection.execute(sets, (made.share, invoice_id))


_KEEP = """
insert into invoice_match (invoice_id, run, cause, verdict, document, made_at)
select %s, coalesce(max(run), 0) + 1, %s, %s, %s, %s from invoice_match where invoice_id = %s
"""
