"""What suppliers' invoices pass through, what they cost too much, and a match in words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.match_words import finding_told, line_told
from gateway.domain.matching import match
from gateway.domain.matching_terms import BilledLine, MatchingRules, Ordered, OrderedLine
from gateway.domain.supplier_invoices import (
    FIRST,
    MOVES,
    Claim,
    InvoiceLine,
    InvoiceState,
    excess,
    judged,
    micros,
    outcome,
)

RULES, TODAY = MatchingRules(), date(2026, 12, 12)


def claim(quantity: int = 10, price: int = 1_000, *, amount: int | None = None, tax: int = 0, **more: int) -> Claim:
    told = quantity * price if amount is None else amount
    charges = tuple(more.items())
    total = told + tax + sum(more.values())
    line = InvoiceLine("1", "LAMP-1", quantity, price, told)
    return Claim(currency="GBP", lines=(line,), charges=charges, tax=tax, total=total)


def ordered(accepted: int = 10, *, of: int = 10, invoiced: int = 0, received: int | None = None) -> Ordered:
    came = accepted if received is None else received
    counts = {"ordered": of, "received": came, "accepted": accepted, "invoiced": invoiced}
    return Ordered(currency="GBP", lines=(OrderedLine(id="1", price=micros(1_000, "GBP"), **counts),))


@pytest.mark.parametrize(
    ("currency", "minor", "expected"), [("GBP", 125, 1_250_000), ("JPY", 3, 3_000_000), ("KWD", 1, 1_000)]
)
def test_a_price_is_scaled_by_its_currency(currency: str, minor: int, expected: int) -> None:
    assert micros(minor, currency) == expected


_CHARGED = "a charge of 4.00 after 3.00 before, none was agreed: 5.00 allowed"
_USED_UP = "within tolerance by itself, but the order's invoices would cost 51.00 too much together, 50.00 allowed"


@pytest.mark.parametrize(
    ("billed", "basis", "words", "too_much"),
    [
        (claim(price=1_025), ordered(), "billed 10 at 10.25, ordered at 10.00: 2.5 % dearer, 2 % allowed", 250),
        (claim(price=900), ordered(), "billed 10 at 9.00, ordered at 10.00: 10 % cheaper, 2 % allowed", 0),
        (claim(), ordered(4), "billed 10, accepted 4 of 10; 6 may still come", 6_000),
        (claim(), ordered(8, received=10), "billed 10, accepted 8 of 10", 2_000),
        (claim(), ordered(20, of=20, invoiced=15), "billed 10 after 15 before, ordered 20: 5 too many", 5_000),
        (claim(amount=10_300), ordered(), "10 at 10.00 are 100.00, not 103.00", 300),
        (claim(tax=50), ordered(), "tax of 0.50, 0.00 due, give or take 0.01", 50),
        (claim(freight=900), ordered(), "a charge of 9.00, none was agreed: 5.00 allowed", 900),
        (claim(freight=400), replace(ordered(), charged={"freight": 300}), _CHARGED, 400),
        (claim(freight=400), replace(ordered(), overpaid=4_700), _USED_UP, 400),
    ],
)
def test_what_is_wrong_is_said_in_words(billed: Claim, basis: Ordered, words: str, too_much: int) -> None:
    told = match(basis, billed.billed, RULES)

    findings = [each for line in told.lines for each in line.findings] + list(told.findings)
    assert [finding_told(each.verdict, each.sums, "GBP") for each in findings] == [words]
    assert excess(told, billed) == too_much


def test_a_charge_that_was_kept_before_others_counted_is_still_said() -> None:
    sums = {"charged": 900, "agreed": 0, "allowed_over": 500}

    assert finding_told("charge_variance", sums, "GBP") == "a charge of 9.00, none was agreed: 5.00 allowed"


@pytest.mark.parametrize(
    ("billed", "words"),
    [
        (claim(), "billed 10 at 10.00, as ordered and accepted"),
        (claim(price=1_019), "billed 10 at 10.19, ordered at 10.00: 1.9 % dearer, 2 % allowed"),
        (claim(1, 1_050), "billed 1 at 10.50, ordered at 10.00: 5 % dearer, which is little money"),
        (claim(amount=10_001), "rounded otherwise by 0.01"),
    ],
)
def test_why_a_line_passes_is_said_in_words(billed: Claim, words: str) -> None:
    (line,) = match(ordered(), billed.billed, RULES).lines

    assert line_told(line.verdict, line.sums, "GBP") == words


def test_what_has_not_come_is_missing_when_the_grace_is_over() -> None:
    told = match(ordered(8), claim().billed, RULES)
    days: Mapping[str, date] = {"early": date(2026, 12, 16), "late": date(2026, 12, 17)}

    then = {name: judged(told, arrived=TODAY, today=day, rules=RULES) for name, day in days.items()}

    assert (then["early"].verdict, outcome(then["early"])) == ("not_received", "wait")
    assert (then["late"].verdict, outcome(then["late"])) == ("qty_variance", "object")
    assert then["late"].lines[0].findings[0].verdict == "qty_variance"


def test_of_what_was_not_ordered_all_tax_is_too_much() -> None:
    """Nobody says what is due of it, so it is approved by as much as it may be wrong."""
    line = InvoiceLine(None, "LAMP-9", 1, 100, 100)
    billed = Claim(currency="GBP", lines=(line,), charges=(), tax=90_000, total=90_100)

    told = match(ordered(), billed.billed, RULES)

    assert (told.verdict, excess(told, billed)) == ("unknown_line", 90_100)


def test_another_currency_is_wrong_altogether() -> None:
    line = BilledLine(line_id="1", quantity=10, price=10_000_000, amount=10_000)
    euros = Claim(currency="EUR", lines=claim().lines, charges=(), tax=0, total=10_000)

    told = match(ordered(), euros.billed, RULES)

    assert euros.billed.lines == (line,)
    assert (excess(told, euros), outcome(told)) == (10_000, "object")
    assert finding_told("header_mismatch", told.findings[0].sums, "EUR") == "it is not in the currency of the order"


def test_nothing_leads_out_of_what_is_settled() -> None:
    assert {state for state, _ in MOVES} == set(InvoiceState) - {InvoiceState.POSTED, InvoiceState.REJECTED}
    assert {*MOVES.values(), InvoiceState.HELD} == set(InvoiceState)
    later = {InvoiceState.DISPUTED, InvoiceState.POSTED, InvoiceState.REJECTED}
    assert set(FIRST.values()) == set(InvoiceState) - later
