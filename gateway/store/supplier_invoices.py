"""Suppliers' invoices as routes see them: written once, loaded and moved, inside the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.invoice_numbers import InvoiceMark
from gateway.domain.money import Money
from gateway.domain.procurement import POSTING
from gateway.domain.supplier_invoices import Claim, InvoiceLine, InvoiceState, read_invoice_lines
from gateway.store import postings
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database
from gateway.store.suppliers import alone


@dataclass(frozen=True, slots=True)
class SupplierInvoice:
    invoice_id: str
    place: int  # in the queue of its order's invoices
    supplier_id: str
    po_id: str
    document: Mapping[str, Any]  # as it was sent
    claim: Claim
    state: InvoiceState
    looks_like: Mapping[str, Any] | None
    arrived_on: date
    due_on: date | None
    reason: str | None  # of whoever rejected or disputed it
    version: int
    created_at: datetime
    updated_at: datetime
    match: Mapping[str, Any] | None = None  # the last one: its run, cause, document and moment
    approval_id: str | None = None
    approval: str | None = None  # its state
    given_up: bool = False  # operations have abandoned its posting
    barred: bool = False  # its supplier is not active, and nobody has released it nevertheless

    @property
    def suspected(self) -> bool:
        """It is held, for it looks like another one: so it has been compared with nothing."""
        return self.state is InvoiceState.HELD and self.match is None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which invoices are asked for; None: whatever they are. A partner sees its supplier's."""

    partner: str | None
    invoice_id: str | None = None
    supplier_id: str | None = None
    po_id: str | None = None
    status: str | None = None


_SELECT: LiteralString = """
select i.invoice_id, i.place, i.supplier_id, i.po_id, i.document, i.lines, i.state, i.looks_like,
       i.arrived_on, i.due_on, i.reason, i.version, i.created_at, i.updated_at, m.match, a.approval_id, a.state,
       exists (select from run where run_id = i.invoice_id and outcome = 'abandoned'),
       s.status <> 'active' and not i.released
  from supplier_invoice i join supplier s using (supplier_id)
  left join lateral (
       select to_jsonb(m) as match from invoice_match m where m.invoice_id = i.invoice_id
        order by run desc limit 1) m on true
  left join lateral (
       select approval_id, state from approval where kind = 'supplier_invoice' and subject = i.invoice_id
        order by state in ('pending', 'approved') desc, created_at desc, approval_id desc limit 1) a on true
 where (%(partner)s::text is null or s.partner_id = %(partner)s)
   and (%(invoice_id)s::text is null or i.invoice_id = %(invoice_id)s)
   and (%(supplier_id)s::text is null or i.supplier_id = %(supplier_id)s)
   and (%(po_id)s::text is null or i.po_id = %(po_id)s)
   and (%(status)s::text is null or i.state = %(status)s)
   and (%(after)s::text is null or i.invoice_id < %(after)s)
 order by i.invoice_id desc limit %(limit)s
"""


def _values(sought: Sought, *, after: str | None, limit: int) -> Mapping[str, Any]:
    return {**{name: getattr(sought, name) for name in sought.__slots__}, "after": after, "limit": limit}


def _read(row: tuple[Any, ...]) -> SupplierInvoice:
    document, lines, state = row[4:7]
    about: tuple[str, int, str, str] = row[:4]
    claim = claim_of(document, read_invoice_lines(lines))
    return SupplierInvoice(*about, document, claim, InvoiceState(state), *row[7:])


def claim_of(document: Mapping[str, Any], lines: tuple[InvoiceLine, ...]) -> Claim:
    charges = tuple((each["kind"], int(each["amount"])) for each in document.get("charges", ()))
    return Claim(
        currency=document["currency"],
        lines=lines,
        charges=charges,
        tax=int(document["tax"]),
        total=int(document["total"]),
    )


async def load_invoice(connection: Connection, sought: Sought) -> SupplierInvoice | None:
    """None: there is none, or it is not that partner's."""
    cursor = await connection.execute(_SELECT, _values(sought, after=None, limit=1))
    row = await cursor.fetchone()
    return _read(row) if row else None


async def list_invoices(database: Database, sought: Sought, *, after: str | None, limit: int) -> list[SupplierInvoice]:
    """The newest first, beginning behind *after*."""
    async with database.connection() as connection:
        cursor = await connection.execute(_SELECT, _values(sought, after=after, limit=limit))
        return [_read(row) for row in await cursor.fetchall()]


async def known_number(connection: Connection, mark: InvoiceMark) -> tuple[str, str, bytes, Mapping[str, Any]] | None:
    """The invoice of that number in that year: its id, its status, and what made it. Nobody else bills for the
    supplier meanwhile."""
    await alone(connection, f"supplier-invoices:{mark.supplier_id}")
    cursor = await connection.execute(_KNOWN, mark.natural_key)
    row = await cursor.fetchone()
    return (row[0], row[1], row[2], row[3]) if row else None


_KNOWN = """
select invoice_id, state, content_hash, document from supplier_invoice
 where supplier_id = %s and normalised_number = %s and year = %s
"""


async def alike(connection: Connection, mark: InvoiceMark, *, days: int) -> list[tuple[str, InvoiceMark]]:
    """Those of the supplier that are not rejected and might be the same, the oldest first."""
    values = {
        **{"supplier": mark.supplier_id, "total": mark.total.amount, "currency": mark.total.currency},
        **{"dated": mark.dated, "days": days, "hash": mark.document_hash},
    }
    cursor = await connection.execute(_ALIKE, values)
    return [
        (
            row[0],
            InvoiceMark(
                supplier_id=mark.supplier_id,
                number=row[1],
                dated=row[2],
                total=Money(row[3], row[4]),
                document_hash=row[5],
            ),
        )
        for row in await cursor.fetchall()
    ]


_ALIKE = """
select invoice_id, invoice_number, dated, total, currency, document_hash from supplier_invoice
 where supplier_id = %(supplier)s and state <> 'rejected'
   and (document_hash = %(hash)s
        or (total = %(total)s and currency = %(currency)s and abs(dated - %(dated)s::date) <= %(days)s))
 order by place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    invoice_id: str
    mark: InvoiceMark
    content_hash: bytes
    document: Mapping[str, Any]
    claim: Claim


async def write_invoice(
    connection: Connection,
    new: NewInvoice,
    state: InvoiceState,
    hand: Hand,
    *,
    looks_like: Mapping[str, object] | None = None,
    due_on: date | None = None,
) -> None:
    supplier_id, number, year = new.mark.natural_key
    values = {
        **{"id": new.invoice_id, "supplier": supplier_id, "po": new.document["po_id"], "number": new.mark.number},
        **{"normalised": number, "year": year, "hash": new.content_hash, "document": Jsonb(dict(new.document))},
        **{"picture": new.mark.document_hash, "dated": new.mark.dated, "currency": new.claim.currency},
        **{"lines": Jsonb([line.document for line in new.claim.lines]), "total": new.claim.total},
        **{"state": state.value, "alike": Jsonb(dict(looks_like)) if looks_like else None},
        **{"arrived": hand.now.date(), "due": due_on, "by": hand.who, "trace": hand.trace_id, "now": hand.now},
    }
    await connection.execute(_WRITE, values)
    await tell(connection, new.invoice_id, "received", hand, state)
    if state is InvoiceState.APPROVED:
        await postings.begin(connection, new.invoice_id, POSTING, hand)


_WRITE = """
insert into supplier_invoice (invoice_id, supplier_id, po_id, invoice_number, normalised_number, year, content_hash,
                              document, document_hash, dated, currency, lines, total, state, looks_like, arrived_on,
                              due_on, told_by, trace_id, created_at, updated_at)
values (%(id)s, %(supplier)s, %(po)s, %(number)s, %(normalised)s, %(year)s, %(hash)s, %(document)s, %(picture)s,
        %(dated)s, %(currency)s, %(lines)s, %(total)s, %(state)s, %(alike)s, %(arrived)s, %(due)s, %(by)s, %(trace)s,
        %(now)s, %(now)s)
"""


async def lock_state(connection: Connection, invoice_id: str) -> InvoiceState:
    cursor = await connection.execute(
        "select state from supplier_invoice where invoice_id = %s for no key update", (invoice_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, "invoices are kept"
    return InvoiceState(row[0])


async def move_invoice(
    connection: Connection,
    invoice_id: str,
    after: InvoiceState,
    hand: Hand,
    *,
    due_on: date | None = None,
    reason: str | None = None,
) -> None:
    """*reason*: to the supplier, of whoever did it."""
    await connection.execute(_MOVE, (after.value, due_on, reason, hand.now, invoice_id))
    await tell(connection, invoice_id, after.value, hand, after)
    if after is InvoiceState.APPROVED:
        await postings.begin(connection, invoice_id, POSTING, hand)


_MOVE = """
update supplier_invoice set state = %s, due_on = %s, reason = %s, version = version + 1,
       updated_at = greatest(updated_at, %s)
 where invoice_id = %s
"""


async def touch_invoice(connection: Connection, invoice_id: str, hand: Hand) -> None:
    """What is told of it has changed, and its status has not."""
    touched = "version = version + 1, updated_at = greatest(updated_at, %s)"
    await connection.execute(f"update supplier_invoice set {touched} where invoice_id = %s", (hand.now, invoice_id))


async def tell(connection: Connection, invoice_id: str, kind: str, hand: Hand, state: InvoiceState) -> None:
    name = f"com.omnigate.supplier_invoice.{kind}.v1"
    told = (hand.mint("evt"), invoice_id, name, hand.now, hand.trace_id, Jsonb({"status": state.value}))
    await connection.execute("select record_event(%s, %s, %s, %s, %s, %s)", told)
