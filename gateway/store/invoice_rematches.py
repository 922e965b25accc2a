"""Invoices that are matched again: when goods come, when another invoice of the order counts no more, when the grace is
over, when their supplier is active again. The order is locked by whoever calls."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, LiteralString

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
AT_ONCE = 20  # in one transaction
VARIANCE, DUPLICATE, BARRED = (
    f"suppliers/{name}" for name in ("invoice_variance", "duplicate_suspected", "supplier_not_active")
)
_CODES = {each: each.removeprefix("suppliers/") for each in (VARIANCE, DUPLICATE, BARRED)}
_MOST_TOLD = 20


async def rematch(
    connection: Connection, po_id: str, rules: MatchingRules, hand: Hand, *, cause: str = "receipt"
) -> list[str]:
    """Every invoice of the order that waits or is an exception, in the order in which they came: the first of them now,
    the others by a worker. Returns those whose status has changed."""
    about = {"po": po_id, "states": [state.value for state in MATCHED_AGAIN], "most": AT_ONCE, "cause": cause}
    await connection.execute(_LATER, about)
    cursor = await connection.execute(_NOW, about)
    moved = []
    for (invoice_id,) in await cursor.fetchall():
        found = await load_invoice(connection, Sought(None, invoice_id))
        assert found is not None, "invoices are kept"
        if await match_again(connection, found, rules, hand, cause=cause) is not found.state:
            moved.append(invoice_id)
    return moved


_OPEN: LiteralString = "from supplier_invoice where po_id = %(po)s and state = any(%(states)s) order by place"
_NOW: LiteralString = f"select invoice_id {_OPEN} limit %(most)s"
_LATER: LiteralString = f"""
update supplier_invoice set match_again = %(cause)s
 where invoice_id in (select invoice_id {_OPEN} offset %(most)s)
"""


async def match_again(
    connection: Connection, found: SupplierInvoice, rules: MatchingRules, hand: Hand, *, cause: str
) -> InvoiceState:
    """The status that it has then. What says the same as before is not kept twice."""
    queued = Queued(found.po_id, found.claim, found.arrived_on, found.place)
    made = await compare(connection, queued, rules, today=hand.now.date())
    due = grace_ends(made.told, found.arrived_on, rules)
    after = MOVES[found.state, outcome(made.told, barred=found.barred)]
    if after is InvoiceState.WAITING and found.due_on not in (None, due):
        await _date_anew(connection, found.invoice_id, due, hand)
    if after is found.state and found.match is not None and found.match["document"] == made.document:
        return after
    await keep_match(connection, found.invoice_id, made, hand, cause=cause)
    await approvals.withdraw(connection, kind=KIND, subject=found.invoice_id)
    if after is not found.state:
        await settle(connection, found.invoice_id, hand, by=cause)
        await move_invoice(connection, found.invoice_id, after, hand, due_on=due)
    if after is InvoiceState.EXCEPTION:
        await object_to(connection, found.invoice_id, found.document, made, hand)
    if after is InvoiceState.HELD:
        await hold_back(connection, found.invoice_id, found.document, hand)
    return after


async def _date_anew(connection: Connection, invoice_id: str, due: date | None, hand: Hand) -> None:
    """The grace is of another length by now."""
    await connection.execute("update supplier_invoice set due_on = %s where invoice_id = %s", (due, invoice_id))
    await touch_invoice(connection, invoice_id, hand)


async def release(connection: Connection, found: SupplierInvoice, rules: MatchingRules, hand: Hand) -> None:
    """One that looked like another is matched as any other; else its supplier's standing bars it no more."""
    if not found.suspected:
        await connection.execute(
            "update supplier_invoice set released = true where invoice_id = %s", (found.invoice_id,)
        )
        found = replace(found, barred=False)
    if found.state is not InvoiceState.HELD:
        await touch_invoice(connection, found.invoice_id, hand)
        return
    await settle(connection, found.invoice_id, hand, by="release")
    if await match_again(connection, found, rules, hand, cause="release") is InvoiceState.HELD:
        await touch_invoice(connection, found.invoice_id, hand)


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


async def hold_back(connection: Connection, invoice_id: str, document: Mapping[str, Any], hand: Hand) -> None:
    """It is what was ordered and accepted, but of a supplier that is not active."""
    evidence = {
        **{"po_id": document["po_id"], "invoice_number": document["invoice_number"]},
        **{"total": int(document["total"]), "currency": document["currency"]},
    }
    await _open(connection, BARRED, invoice_id, evidence, hand)


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
