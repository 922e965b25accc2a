"""
The three-way match: what was ordered, what was accepted and what is billed, over all invoices of an order.

Nothing here is rounded but a line's amount and a tax (half up, once): shares are compared by multiplying both sides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import get_args

from gateway.domain.matching_terms import (
    MICROS,
    POINTS,
    Billed,
    BilledLine,
    Finding,
    LineMatch,
    Match,
    MatchingRules,
    Ordered,
    OrderedLine,
    Sums,
    Verdict,
)
from gateway.domain.money import minor_units

PASSING: frozenset[Verdict] = frozenset({"matched", "matched_within_tolerance"})

_SEVERITY: dict[Verdict, int] = {verdict: rank for rank, verdict in enumerate(get_args(Verdict))}


def match(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    """Lines are judged in the invoice's order: what one bills or overcharges, the next cannot."""
    if billed.currency != ordered.currency:
        return Match("header_mismatch", (), (Finding("header_mismatch", {}),), ordered.overpaid)
    known = {line.id: line for line in ordered.lines}
    before = {line.id: line.invoiced for line in ordered.lines}
    overpaid, lines = ordered.overpaid, []
    for line in billed.lines:
        if line.line_id is None or line.line_id not in known:
            lines.append(_unknown(line))
            continue
        of = known[line.line_id]
        told = _judge(of, line, _Standing(before[of.id], overpaid, billed.currency, rules))
        before[of.id] += line.quantity
        overpaid += max(0, told.sums["amount_gap"]) if told.verdict in PASSING else 0
        lines.append(told)
    charged = _charges(replace(ordered, overpaid=overpaid), billed, rules)
    whole = (*_header(billed), *charged.findings, *_tax(known, billed))
    return Match(_worst(_all_verdicts(lines, whole)), tuple(lines), whole, charged.overpaid)


def exception_due(told: Match, arrived: date, rules: MatchingRules) -> date | None:
    """When what does not match is somebody's work: at once, unless its goods may only be late."""
    if told.verdict in PASSING:
        return None
    return arrived + timedelta(days=rules.grace_days) if told.verdict == "not_received" else arrived


def amount_of(quantity: int, price: int, currency: str) -> int:
    """Minor units, rounded half up once, on the whole line."""
    return _half_up(quantity * price, MICROS // 10 ** minor_units(currency))


class _Standing:
    """Where the order stands when a line is judged."""

    __slots__ = ("currency", "invoiced", "overpaid", "rules")

    def __init__(self, invoiced: int, overpaid: int, currency: str, rules: MatchingRules) -> None:
        self.invoiced, self.overpaid, self.currency, self.rules = invoiced, overpaid, currency, rules


def _judge(of: OrderedLine, line: BilledLine, now: _Standing) -> LineMatch:
    quantity, price = _quantity_sums(of, line, now), _price_sums(of, line, now)
    wrong = _quantity(of, quantity), _price(of, price), _arithmetic(price)
    findings = [finding for finding in wrong if finding is not None]
    if not findings and price["overpaid_after"] > max(now.rules.order_cap, now.overpaid):
        findings.append(Finding("tolerance_used_up", price))
    exact = quantity["over"] <= 0 and price["price_gap"] == 0 and price["amount_gap"] == 0
    passing: Verdict = "matched" if exact else "matched_within_tolerance"
    verdict = _worst(finding.verdict for finding in findings) if findings else passing
    return LineMatch(of.id, verdict, tuple(findings), {**quantity, **price})


def _quantity_sums(of: OrderedLine, line: BilledLine, now: _Standing) -> Sums:
    basis = of.ordered if of.two_way else of.accepted
    expected = max(0, basis - now.invoiced)
    return {
        **{"ordered": of.ordered, "received": of.received, "accepted": of.accepted, "invoiced_before": now.invoiced},
        **{"billed": line.quantity, "expected": expected, "over": line.quantity - expected},
        "allowed_over": _allowed(expected, now.rules),
        "over_ordered": now.invoiced + line.quantity - of.ordered,
        "allowed_over_ordered": _allowed(max(0, of.ordered - now.invoiced), now.rules),
    }


def _allowed(expected: int, rules: MatchingRules) -> int:
    return min(rules.quantity_cap, expected * rules.quantity_points // POINTS)  # whole pieces, rounded down


def _quantity(of: OrderedLine, sums: Sums) -> Finding | None:
    if sums["over"] <= sums["allowed_over"]:
        return None  # too little is never wrong: the rest stays open
    if sums["over_ordered"] > sums["allowed_over_ordered"]:
        return Finding("over_billed", sums)
    to_come = max(0, of.ordered - of.received)
    late = sums["over"] <= to_come + sums["allowed_over"]
    return Finding("not_received" if late else "qty_variance", {**sums, "to_come": to_come})


def _price_sums(of: OrderedLine, line: BilledLine, now: _Standing) -> Sums:
    gap, scale = line.price - of.price, MICROS // 10 ** minor_units(now.currency)
    amount_gap = line.amount - amount_of(line.quantity, of.price, now.currency)
    return {
        **{"billed": line.quantity, "price": line.price, "ordered_price": of.price, "price_gap": gap},
        "amount": line.amount,
        **{"gap_micros": abs(gap) * line.quantity, "small_micros": now.rules.small_difference * scale},
        **{"cap_micros": now.rules.price_cap * scale, "allowed_points": now.rules.price_points},
        "amount_expected": amount_of(line.quantity, line.price, now.currency),
        **{"amount_gap": amount_gap, "overpaid_before": now.overpaid, "order_cap": now.rules.order_cap},
        "overpaid_after": now.overpaid + max(0, amount_gap),
    }


def _price(of: OrderedLine, sums: Sums) -> Finding | None:
    if sums["gap_micros"] <= sums["small_micros"]:
        return None
    within = abs(sums["price_gap"]) * POINTS <= sums["allowed_points"] * of.price
    return None if within and sums["gap_micros"] <= sums["cap_micros"] else Finding("price_variance", sums)


def _arithmetic(sums: Sums) -> Finding | None:
    """One minor unit is the way somebody else rounds."""
    return None if abs(sums["amount"] - sums["amount_expected"]) <= 1 else Finding("amount_mismatch", sums)


def _unknown(line: BilledLine) -> LineMatch:
    sums = {"billed": line.quantity, "price": line.price, "amount": line.amount}
    return LineMatch(line.line_id, "unknown_line", (Finding("unknown_line", sums),), sums)


def _header(billed: Billed) -> tuple[Finding, ...]:
    lines, charges = sum(line.amount for line in billed.lines), sum(charge.amount for charge in billed.charges)
    sums = {"lines": lines, "charges": charges, "tax": billed.tax, "total": billed.total}
    return () if lines + charges + billed.tax == billed.total else (Finding("header_mismatch", sums),)


@dataclass(frozen=True, slots=True)
class _Charged:
    findings: tuple[Finding, ...]
    overpaid: int


def _charges(ordered: Ordered, billed: Billed, rules: MatchingRules) -> _Charged:
    """All of a kind together, with those of the invoices before: a charge gains nothing by coming in two, nor in two
    invoices. What passes is a share of what the order may cost too much."""
    asked, overpaid, findings = dict[str, int](), ordered.overpaid, list[Finding]()
    for charge in billed.charges:
        asked[charge.kind] = asked.get(charge.kind, 0) + charge.amount
    for kind, amount in asked.items():
        before, after = ordered.charged.get(kind, 0), overpaid + amount
        sums = {
            **{"charged": amount, "charged_before": before, "allowed_over": rules.charge_tolerance},
            **{"overpaid_before": overpaid, "order_cap": rules.order_cap, "overpaid_after": after},
        }
        if before + amount > max(rules.charge_tolerance, before):
            findings.append(Finding("charge_variance", sums))
        elif after > max(rules.order_cap, overpaid):
            findings.append(Finding("tolerance_used_up", sums))
        else:
            overpaid = after
    return _Charged(tuple(findings), overpaid)


def _tax(known: dict[str, OrderedLine], billed: Billed) -> tuple[Finding, ...]:
    """Suppliers round by line or by invoice: one minor unit a line lies between. Of an unknown line no tax is known."""
    taxed = [(line.amount, known[line.line_id].tax_points) for line in billed.lines if line.line_id in known]
    if len(taxed) < len(billed.lines):
        return ()
    taxed += [(charge.amount, charge.tax_points) for charge in billed.charges]
    due = sum(_half_up(amount * points, POINTS) for amount, points in taxed)
    sums = {"tax": billed.tax, "tax_expected": due, "allowed_gap": len(taxed)}
    return () if abs(billed.tax - due) <= len(taxed) else (Finding("tax_variance", sums),)


def _all_verdicts(lines: Iterable[LineMatch], whole: Iterable[Finding]) -> list[Verdict]:
    return [*(line.verdict for line in lines), *(finding.verdict for finding in whole)]


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=_SEVERITY.__getitem__, default="matched")


def _half_up(value: int, unit: int) -> int:
    return (2 * value + unit) // (2 * unit)
