"""Invoices that are matched again beside the work, by the database's clock: whose goods have not come in time, whose
supplier is active again, and those that were too many for the transaction that had cause to."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.supplier_invoices import MATCHED_AGAIN, InvoiceState
from gateway.store.hands import Hand
from gateway.store.invoice_rematches import match_again
from gateway.store.pool import Database
from gateway.store.purchase_orders import lock_order
from gateway.store.supplier_invoices import Sought, SupplierInvoice, load_invoice

AT_ONCE = 100
PAUSE = 300  # seconds before an invoice that could not be compared is tried again
_WHO = "policies/suppliers.yaml"


@dataclass(frozen=True, slots=True)
class Due:
    invoice_id: str
    po_id: str
    cause: str
    now: datetime


async def due_invoices(database: Database) -> list[Due]:
    """A bounded number."""
    async with database.connection() as connection:
        cursor = await connection.execute(_DUE, {"most": AT_ONCE})
        return [Due(*row) for row in await cursor.fetchall()]


_DUE = """
select invoice_id, po_id, cause, clock_timestamp() from (
    (select place, invoice_id, po_id, match_again as cause from supplier_invoice
      where match_again is not null and coalesce(paused_until <= clock_timestamp(), true) order by place limit %(most)s)
    union all
    (select place, invoice_id, po_id, 'grace' from supplier_invoice
      where state = 'waiting' and due_on <= (clock_timestamp() at time zone 'UTC')::date
        and coalesce(paused_until <= clock_timestamp(), true) order by due_on limit %(most)s)
    union all
    (select i.place, i.invoice_id, i.po_id, 'reinstatement'
       from supplier_invoice i join supplier s using (supplier_id)
      where i.state = 'held' and s.status = 'active' and coalesce(i.paused_until <= clock_timestamp(), true)
        and exists (select from invoice_match m where m.invoice_id = i.invoice_id)
      order by i.place limit %(most)s)) due
 order by place limit %(most)s
"""


async def tend(database: Database, due: Due, rules: MatchingRules, mint: Mint) -> bool:
    """Whether it stands otherwise then. Something may have come of it while the order was waited for."""
    async with database.transaction() as connection:
        await lock_order(connection, due.po_id)
        await connection.execute(_DONE, (due.invoice_id,))
        found = await load_invoice(connection, Sought(None, due.invoice_id))
        if found is None or not _open(found):
            return False
        hand = Hand(_WHO, due.now, "", mint)
        return await match_again(connection, found, rules, hand, cause=due.cause) is not found.state


_DONE = "update supplier_invoice set match_again = null where invoice_id = %s and match_again is not null"


def _open(found: SupplierInvoice) -> bool:
    held_back = found.state is InvoiceState.HELD and not found.suspected
    return found.state in MATCHED_AGAIN or (held_back and not found.barred)


async def put_off(database: Database, due: Due) -> None:
    """It could not be compared; the others are, meanwhile."""
    async with database.transaction() as connection:
        await connection.execute(_PUT_OFF, {"seconds": PAUSE, "invoice": due.invoice_id})


_PUT_OFF = """
update supplier_invoice set paused_until = clock_timestamp() + make_interval(secs => %(seconds)s)
 where invoice_id = %(invoice)s
"""
