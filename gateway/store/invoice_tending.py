"""Invoices that a worker matches again, by the database's clock: whose goods have not come in time, whose supplier is
active again, and those that were too many for the transaction that had cause to."""

from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.supplier_invoices import MATCHED_AGAIN, InvoiceState
from gateway.store.hands import Hand
from gateway.store.invoice_rematches import match_again
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import lock_order
from gateway.store.supplier_invoices import Sought, SupplierInvoice, load_invoice

AT_ONCE = 100
_WHO = "policies/suppliers.yaml"


async def tend(database: Database, rules: MatchingRules, mint: Mint) -> int:
    """A bounded number, each in a transaction of its own. Returns how many stand otherwise then."""
    async with database.connection() as connection:
        cursor = await connection.execute(_DUE, {"most": AT_ONCE})
        due = await cursor.fetchall()
    moved = 0
    for invoice_id, po_id, cause, now in due:
        async with database.transaction() as connection:
            await lock_order(connection, po_id)
            moved += await _tend(connection, invoice_id, rules, Hand(_WHO, now, "", mint), cause=cause)
    return moved


_DUE = """
select invoice_id, po_id, cause, clock_timestamp() from (
    (select place, invoice_id, po_id, match_again as cause from supplier_invoice
      where match_again is not null order by place limit %(most)s)
    union all
    (select place, invoice_id, po_id, 'grace' from supplier_invoice
      where state = 'waiting' and due_on <= (clock_timestamp() at time zone 'UTC')::date order by due_on limit %(most)s)
    union all
    (select i.place, i.invoice_id, i.po_id, 'reinstatement'
       from supplier_invoice i join supplier s using (supplier_id)
      where i.state = 'held' and s.status = 'active'
        and exists (select from invoice_match m where m.invoice_id = i.invoice_id)
      order by i.place limit %(most)s)) due
 order by place limit %(most)s
"""


async def _tend(connection: Connection, invoice_id: str, rules: MatchingRules, hand: Hand, *, cause: str) -> bool:
    """Something may have come of it while the order was waited for."""
    await connection.execute(_DONE, (invoice_id,))
    found = await load_invoice(connection, Sought(None, invoice_id))
    if found is None or not _open(found):
        return False
    return await match_again(connection, found, rules, hand, cause=cause) is not found.state


_DONE = "update supplier_invoice set match_again = null where invoice_id = %s and match_again is not null"


def _open(found: SupplierInvoice) -> bool:
    held_back = found.state is InvoiceState.HELD and not found.suspected
    return found.state in MATCHED_AGAIN or (held_back and not found.barred)
