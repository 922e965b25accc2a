"""Invoices whose goods have not come in time, by the database's clock: each becomes somebody's work, once."""

from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.supplier_invoices import InvoiceState
from gateway.store.hands import Hand
from gateway.store.invoice_rematches import match_again
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import lock_order
from gateway.store.supplier_invoices import Sought, load_invoice

AT_ONCE = 100
_WHO = "policies/suppliers.yaml"


async def end_grace(database: Database, rules: MatchingRules, mint: Mint) -> int:
    """A bounded number, each in a transaction of its own. Returns how many have become exceptions."""
    async with database.connection() as connection:
        cursor = await connection.execute(_DUE, (AT_ONCE,))
        due = await cursor.fetchall()
    ended = 0
    for invoice_id, po_id, now in due:
        async with database.transaction() as connection:
            await lock_order(connection, po_id)
            ended += await _end(connection, invoice_id, rules, Hand(_WHO, now, "", mint))
    return ended


_DUE = """
select invoice_id, po_id, clock_timestamp() from supplier_invoice
 where state = 'waiting' and due_on <= (clock_timestamp() at time zone 'UTC')::date
 order by due_on limit %s
"""


async def _end(connection: Connection, invoice_id: str, rules: MatchingRules, hand: Hand) -> bool:
    """Its goods may have come while the order was waited for."""
    found = await load_invoice(connection, Sought(None, invoice_id))
    if found is None or found.state is not InvoiceState.WAITING:
        return False
    return await match_again(connection, found, rules, hand, cause="grace") is InvoiceState.EXCEPTION
