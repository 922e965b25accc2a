"""Suppliers' invoices: what they pass through, what they bill, and what a match of them comes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from gateway.domain.matching import PASSING, amount_of, exception_due
from gateway.domain.matching_terms import (
    MICROS,
    Billed,
    BilledLine,
    Charge,
    Finding,
    LineMatch,
    Match,
    MatchingRules,
    Verdict,
)
from gateway.domain.money import minor_units
from gateway.domain.purchase_orders import PurchaseLine


class InvoiceState(StrEnum):
    HELD = "held"  # it looks like another one, or its supplier is not active
    WAITING = "waiting"  # for its goods
    EXCEPTION = "exception"  # it is not what was ordered and accepted
    DISPUTED = "disputed"  # and the supplier was told so
    APPROVED = "approved"  # and on its way to the ERP
    POSTED = "posted"  # the ERP has it, and pays it
    REJECTED = "rejected"  # will not be paid, and counts no more


MOST_INVOICES = 200  # of one order, that are not rejected

Outcome = Literal["pass", "hold", "wait", "object"]  # of a match
Trigger = Literal["pass", "hold", "wait", "object", "approve", "dispute", "reject", "post"]
Action = Literal["release", "approve", "dispute", "reject"]

# What becomes of an invoice that is taken in and looks like no other.
FIRST: Mapping[Outcome, InvoiceState] = {
    "pass": InvoiceState.APPROVED,
    "hold": InvoiceState.HELD,
    "wait": InvoiceState.WAITING,
    "object": InvoiceState.EXCEPTION,
}
# From, by which trigger, to. What does not stand here does not happen.
MOVES: Mapping[tuple[InvoiceState, Trigger], InvoiceState] = {
    (InvoiceState.HELD, "pass"): InvoiceState.APPROVED,
    (InvoiceState.HELD, "hold"): InvoiceState.HELD,
    (InvoiceState.HELD, "wait"): InvoiceState.WAITING,
    (InvoiceState.HELD, "object"): InvoiceState.EXCEPTION,
    (InvoiceState.HELD, "reject"): InvoiceState.REJECTED,
    (InvoiceState.WAITING, "pass"): InvoiceState.APPROVED,
    (InvoiceState.WAITING, "hold"): InvoiceState.HELD,
    (InvoiceState.WAITING, "wait"): InvoiceState.WAITING,
    (InvoiceState.WAITING, "object"): InvoiceState.EXCEPTION,
    (InvoiceState.WAITING, "reject"): InvoiceState.REJECTED,
    (InvoiceState.EXCEPTION, "pass"): InvoiceState.APPROVED,
    (InvoiceState.EXCEPTION, "hold"): InvoiceState.HELD,
    (InvoiceState.EXCEPTION, "wait"): InvoiceState.WAITING,
    (InvoiceState.EXCEPTION, "object"): InvoiceState.EXCEPTION,
    (InvoiceState.EXCEPTION, "approve"): InvoiceState.APPROVED,
    (InvoiceState.EXCEPTION, "dispute"): InvoiceState.DISPUTED,
    (InvoiceState.EXCEPTION, "reject"): InvoiceState.REJECTED,
    (InvoiceState.DISPUTED, "approve"): InvoiceState.APPROVED,
    (InvoiceState.DISPUTED, "reject"): InvoiceState.REJECTED,
    (InvoiceState.APPROVED, "post"): InvoiceState.POSTED,
    (InvoiceState.APPROVED, "reject"): InvoiceState.REJECTED,  # once nobody posts it any more
}
MATCHED_AGAIN = (InvoiceState.WAITING, InvoiceState.EXCEPTION)  # when something of their order has changed

_BY_HAND: tuple[Action, ...] = ("approve", "dispute", "reject")


def actions(state: InvoiceState, *, given_up: bool = False, barred: bool = False) -> list[Action]:
    """What it allows to those inside. *given_up*: it was to be posted, and operations have abandoned that. *barred*:
    its supplier is not active, so it is released before it is approved."""
    if state is InvoiceState.APPROVED and not given_up:
        return []
    told: list[Action] = [each for each in _BY_HAND if (state, each) in MOVES]
    if barred and "approve" in told:
        return ["release", *(each for each in told if each != "approve")]
    return ["release", *told] if state is InvoiceState.HELD else told


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """*line_id*: of the order; None: of no line of it. *unit_price* in minor units of the invoice's currency."""

    line_id: str | None
    sku: str
    quantity: int
    unit_price: int
    amount: int

    @property
    def document(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__slots__}
        return told if self.line_id else {name: value for name, value in told.items() if name != "line_id"}


def read_invoice_lines(
    said: Sequence[Mapping[str, Any]], ordered: Sequence[PurchaseLine] = ()
) -> tuple[InvoiceLine, ...]:
    """As a caller or a row says them. A line without the order's name for it is found by its SKU, if that stands in the
    order once."""
    skus = [line.sku for line in ordered]
    names = {line.sku: line.line_id for line in ordered if skus.count(line.sku) == 1}
    return tuple(
        InvoiceLine(
            each.get("line_id") or names.get(each["sku"].upper()),
            *(each["sku"].upper(), int(each["quantity"]), int(each["unit_price"]), int(each["amount"])),
        )
        for each in said
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an invoice says that it bills. Amounts are minor units."""

    currency: str
    lines: tuple[InvoiceLine, ...]
    charges: tuple[tuple[str, int], ...]
    tax: int
    total: int

    @property
    def document(self) -> dict[str, Any]:
        charges = [{"kind": kind, "amount": amount} for kind, amount in self.charges]
        lines = [line.document for line in self.lines]
        sums = {"charges": charges, "tax": self.tax, "total": self.total}
        return {"currency": self.currency, "lines": lines, **sums}

    @property
    def billed(self) -> Billed:
        lines = (
            BilledLine(
                line_id=line.line_id,
                quantity=line.quantity,
                price=micros(line.unit_price, self.currency),
                amount=line.amount,
            )
            for line in self.lines
        )
        charges = tuple(Charge(kind=kind, amount=amount) for kind, amount in self.charges)
        return Billed(currency=self.currency, lines=tuple(lines), charges=charges, tax=self.tax, total=self.total)


def micros(minor: int, currency: str) -> int:
    scale: int = MICROS // 10 ** minor_units(currency)
    return minor * scale


def outcome(told: Match, *, barred: bool = False) -> Outcome:
    """*barred*: its supplier is not active, and nobody has released it nevertheless."""
    if told.verdict in PASSING:
        return "hold" if barred else "pass"
    return "wait" if told.verdict == "not_received" else "object"


def judged(told: Match, *, arrived: date, today: date, rules: MatchingRules) -> Match:
    """The match on *today*: when the grace is over, what has not come is missing."""
    due = exception_due(told, arrived, rules)
    if told.verdict != "not_received" or due is None or today < due:
        return told
    lines = tuple(
        replace(line, verdict=_missing(line.verdict), findings=tuple(map(_overdue, line.findings)))
        for line in told.lines
    )
    return replace(told, verdict="qty_variance", lines=lines)


def _missing(verdict: Verdict) -> Verdict:
    return "qty_variance" if verdict == "not_received" else verdict


def _overdue(finding: Finding) -> Finding:
    return replace(finding, verdict=_missing(finding.verdict))


def excess(told: Match, claim: Claim) -> int:
    """What would be paid beyond what was ordered and accepted, in minor units."""
    lines = sum(_line_excess(line, claim.currency) for line in told.lines)
    if not told.lines:
        return claim.total  # not even its currency is the order's
    charges = sum(amount for _, amount in claim.charges)  # an order agrees to none
    unproven = claim.tax if any(line.verdict == "unknown_line" for line in told.lines) else 0  # nobody says what is due
    return lines + charges + unproven + sum(_whole_excess(finding) for finding in told.findings)


def _line_excess(line: LineMatch, currency: str) -> int:
    sums = line.sums
    if line.verdict == "unknown_line":
        return sums["amount"]
    due = amount_of(min(sums["billed"], sums["expected"]), sums["ordered_price"], currency)
    return max(0, sums["amount"] - due)


def _whole_excess(finding: Finding) -> int:
    sums = finding.sums
    match finding.verdict:
        case "charge_variance" | "tolerance_used_up":
            return 0  # all charges are counted
        case "tax_variance":
            return max(0, sums["tax"] - sums["tax_expected"])
        case _:
            return max(0, sums["total"] - sums["lines"] - sums["charges"] - sums["tax"])


def match_document(told: Match, claim: Claim) -> dict[str, Any]:
    """As it is kept: every sum that led to it."""
    return {
        "verdict": told.verdict,
        "lines": [
            {
                **{"line_id": line.line_id, "verdict": line.verdict, "sums": dict(line.sums)},
                "findings": _findings(line.findings),
            }
            for line in told.lines
        ],
        "findings": _findings(told.findings),
        **{"overpaid": told.overpaid, "excess": excess(told, claim)},
    }


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [{"verdict": finding.verdict, "sums": dict(finding.sums)} for finding in findings]
