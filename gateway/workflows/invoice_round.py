"""Invoices that are matched again beside the work, each for itself: one that cannot be compared hinders no other."""

import structlog

from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.store.invoice_tending import due_invoices, put_off, tend
from gateway.store.pool import Database

log = structlog.get_logger("worker")


async def tend_invoices(database: Database, rules: MatchingRules, mint: Mint) -> int:
    """A bounded number, each in a transaction of its own. Returns how many stand otherwise then."""
    moved = 0
    for due in await due_invoices(database):
        try:
            moved += await tend(database, due, rules, mint)
        except Exception as error:  # a fault of ours, or its order is held: tried again, and the round goes on
            log.error("invoice not compared", invoice_id=due.invoice_id, po_id=due.po_id, exc_info=error)
            await put_off(database, due)  # where the database is away, this ends the round
    return moved
