"""Invoices that are matched again: when goods come, when another invoice of the order counts no more, when the grace is
over. The order is locked by whoever calls."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.domain.match_words import finding_told
from gateway.domain.matching_terms import Finding, Match, MatchingRules
from gateway.domain.supplier_invoices import (
    MATCHED_AGAIN,
    MOVES,
    InvoiceState,
    outcome,
)
from gateway.store import approvals
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.hands import Hand
from gateway.store.invoice_matching import Made, Queued, compare, grace_ends, keep_match
from gateway.store.pool import Connection
from gateway.store.supplier_invoices import Sought, SupplierInvoice, load_invoice, move_invoice, touch_invoice

KIND = "supplier_invoice"  # of approvals
VARIANCE, DUPLICATE = "suppliers/invoice_variance", "suppliers/duplicate_suspected"
_CODES = {VARIANCE: "invoice_variance", DUPLICATE: "duplicate_suspected"}
_MOST_TOLD = 20


async def rematch(
    connection: Connection, po_id: str, rules: MatchingRules, hand: Hand, *, cause: str = "receipt"
) -> list[str]:
    """Every invoice of the order that waits or is an exception, in the order in which they came. Returns those whose
    status has changed."""
    states = [state.value for state in MATCHED_AGAIN]
    cursor = await connection.execute(_AGAIN, (po_id, states))
    moved = []
    for (invoice_id,) in await cursor.fetchall():
        found = await load_invoice(connection, Sought(None, invoice_id))
        assert found is not None, "invoices are kept"
        if await match_again(connection, found, rules, hand, cause=cause) is not found.state:
            moved.append(invoice_id)
    return moved


_AGAIN = "select invoice_id from supplier_invoice where po_id = %s and state = any(%s) order by place"


async def match_again(
    connection: Connection, found: SupplierInvoice, rules: MatchingRules, hand: Hand, *, cause: str
) -> InvoiceState:
    """The status that it has then. What says the same as before is not kept twice."""
    queued = Queued(found.po_id, found.claim, found.arrived_on, found.place)
    made = await compare(connection, queued, rules, today=hand.now.date())
    after, due = MOVES[found.state, outcome(made.told)], grace_ends(made.told, found.arrived_on, rules)
    if after is InvoiceState.WAITING and found.due_on not in (None, due):
        await _date_anew(connection, found.invoice_id, due, hand)
    if after is found.state and found.match is not None and found.match["document"] == made.document:
        return after
    await keep_match(connection, found.invoice_id, made, hand, cause=cause)
    await approvals.withdraw(connection, kind=KIND, subject=found.invoice_id)
    if after is not found.state:
        await move_invoice(connection, found.invoice_id, after, hand, due_on=due)
    if after is InvoiceState.EXCEPTION:
        await object_to(connection, found.invoice_id, found.document, made, hand)
    else:
        await settle(connection, found.invoice_id, hand, by=cause)
    return after


async def _date_anew(connection: Connection, invoice_id: str, due: date | None, hand: Hand) -> None:
    """The grace is of another length by now."""
    await connection.execute("update supplier_invoice set due_on = %s where invoice_id = %s", (due, invoice_id))
    await touch_invoice(connection, invoice_id, hand)


async def object_to(
    connection: Connection, invoice_id: str, document: Mapping[str, Any], made: Made, hand: Hand
) -> None:
    """Somebody of accounts payable has to look at it."""
    currency = document["currency"]
    evidence = {
        **{"po_id": document["po_id"], "invoice_number": document["invoice_number"], "verdict": made.told.verdict},
        **{"total": int(document["total"]), "excess": made.document["excess"], "currency": currency},
        "findings": _sentences(made.told, currency)[:_MOST_TOLD],
    }
    await _open(connection, VARIANCE, invoice_id, evidence, hand)


def _sentences(told: Match, currency: str) -> list[str]:
    findings: list[tuple[str, Finding]] = [
        (f"line {line.line_id or '?'}: ", each) for line in told.lines for each in line.findings
    ]
    whole = [("", each) for each in told.findings]
    return [f"{where}{finding_told(each.verdict, each.sums, currency)}" for where, each in [*findings, *whole]]


async def hold(
    connection: Connection, invoice_id: str, document: Mapping[str, Any], looks_like: Mapping[str, Any], hand: Hand
) -> None:
    evidence = {
        **{"po_id": document["po_id"], "invoice_number": document["invoice_number"], "looks_like": dict(looks_like)},
        **{"total": int(document["total"]), "currency": document["currency"]},
    }
    await _open(connection, DUPLICATE, invoice_id, evidence, hand)


async def _open(connection: Connection, class_: str, invoice_id: str, evidence: Mapping[str, Any], hand: Hand) -> None:
    opening = Opening(hand.mint("xcp"), class_, _CODES[class_], invoice_id, evidence, ())
    await open_exception(connection, opening, now=hand.now)


async def settle(connection: Connection, invoice_id: str, hand: Hand, *, by: str) -> None:
    """Whatever was open about it is answered."""
    resolution = {"action": by, "by": hand.who}
    for class_, code in _CODES.items():
        await close_exception(
            connection, class_=class_, code=code, subject=invoice_id, resolution=resolution, now=hand.now
        )
