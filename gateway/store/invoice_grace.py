"""Invoices whose goods have not come in time, by the database's clock: each becomes somebody's work, once."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.supplier_invoices import InvoiceState
from gateway.store.hands import Hand
from gateway.store.invoice_rematches import match_again
from gateway.store.pool import Database
from gateway.store.purchase_orders import lock_order
from gateway.store.supplier_invoices import Sought, load_invoice

AT_ONCE = 100
PAUSE = 300  # seconds before an invoice that could not be compared is tried again
_WHO = "policies/suppliers.yaml"


@dataclass(frozen=True, slots=True)
class Due:
    invoice_id: str
    po_id: str
    now: datetime


async def due_invoices(database: Database) -> list[Due]:
    """A bounded number, the longest due first."""
    async with database.connection() as connection:
        cursor = await connection.execute(_DUE, (AT_ONCE,))
        return [Due(*row) for row in await cursor.fetchall()]


_DUE = """
select invoice_id, po_id, clock_timestamp() from supplier_invoice
 where state = 'waiting' and due_on <= (clock_timestamp() at time zone 'UTC')::date
   and (paused_until is null or paused_until <= clock_timestamp())
 order by due_on limit %s
"""


async def end_grace_of(database: Database, due: Due, rules: MatchingRules, mint: Mint) -> bool:
    """Whether it has become an exception. Its goods may have come while the order was waited for, or its grace may be
    longer by now."""
    async with database.transaction() as connection:
        await lock_order(connection, due.po_id)
        found = await load_invoice(connection, Sought(None, due.invoice_id))
        if found is None or found.state is not InvoiceState.WAITING:
            return False
        hand = Hand(_WHO, due.now, "", mint)
        return await match_again(connection, found, rules, hand, cause="grace") is InvoiceState.EXCEPTION


async def put_off(database: Database, due: Due) -> None:
    """It could not be compared; the others are, meanwhile."""
    async with database.transaction() as connection:
        await connection.execute(_PUT_OFF, {"seconds": PAUSE, "invoice": due.invoice_id})


_PUT_OFF = """
update supplier_invoice set paused_until = clock_timestamp() + make_interval(secs => %(seconds)s)
 where invoice_id = %(invoice)s
"""
