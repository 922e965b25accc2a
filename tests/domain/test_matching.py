"""The three-way match: every verdict by an example, and all of them against a count by hand, unit by unit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gateway.domain.matching import exception_due, match
from gateway.domain.matching_terms import Billed, BilledLine, Charge, Match, MatchingRules, Ordered, OrderedLine
from tests.domain.matching_by_hand import Case, by_hand, cases

RULES = MatchingRules()
TEN = OrderedLine(id="a", ordered=10, price=20_000_000, received=10, accepted=10)
Law = Callable[[Ordered, Billed, MatchingRules], Match]


def bill(quantity: int = 10, price: int = 20_000_000, *, line: str | None = "a", **changed: Any) -> Billed:
    amount = changed.pop("amount", (quantity * price + 5_000) // 10_000)
    of = BilledLine(line_id=line, quantity=quantity, price=price, amount=amount)
    said: dict[str, Any] = {"currency": "EUR", "lines": (of,), "total": amount}
    return Billed(**{**said, **changed})


def freight(amount: int) -> Billed:
    return bill(charges=(Charge(kind="freight", amount=amount),), total=20_000 + amount)


def order(**changed: Any) -> Ordered:
    return Ordered(currency="EUR", lines=(replace(TEN, **changed),))


@pytest.mark.parametrize(
    ("ordered", "billed", "verdict"),
    [
        (order(), bill(), "matched"),
        (order(), bill(4), "matched"),  # the rest stays open
        (order(), bill(price=20_380_000), "matched_within_tolerance"),  # 1.9 %
        (order(), bill(price=20_400_000), "matched_within_tolerance"),  # 2 %
        (order(), bill(price=20_400_001), "price_variance"),
        (order(), bill(price=19_600_000), "matched_within_tolerance"),
        (order(), bill(price=19_599_999), "price_variance"),  # too cheap is not what was ordered either
        (order(ordered=1, accepted=1), bill(1, 21_000_000), "matched_within_tolerance"),  # 5 %, but 1.00
        (order(ordered=1, accepted=1), bill(1, 21_000_001), "price_variance"),
        (order(price=300_000_000), bill(price=305_000_000), "matched_within_tolerance"),  # 1.7 % and 50.00
        (order(price=300_000_000), bill(price=305_000_001), "price_variance"),  # a millionth more
        (order(accepted=6, received=6), bill(), "not_received"),  # four may yet come
        (order(accepted=6), bill(), "qty_variance"),  # all came, four were no good
        (order(accepted=7, received=8), bill(), "qty_variance"),  # two may yet come, three are missing
        (order(invoiced=1), bill(), "over_billed"),
        (order(invoiced=10), bill(1), "over_billed"),
        (order(accepted=0, received=0, two_way=True), bill(), "matched"),
        (order(), bill(line="b"), "unknown_line"),
        (order(), bill(line=None), "unknown_line"),
        (order(), bill(amount=20_001), "matched_within_tolerance"),
        (order(), bill(amount=20_002), "amount_mismatch"),
        (order(), bill(total=20_001), "header_mismatch"),
        (order(), bill(currency="GBP"), "header_mismatch"),
        (order(), bill(tax=1, total=20_001), "matched"),
        (order(), bill(tax=2, total=20_002), "tax_variance"),
        (order(tax_points=2_000), bill(tax=4_000, total=24_000), "matched"),
        (order(), bill(charges=(Charge(kind="freight", amount=500),), total=20_500), "matched"),
        (order(), bill(charges=(Charge(kind="freight", amount=501),), total=20_501), "charge_variance"),
        (order(), bill(charges=(Charge(kind="fuel", amount=300),) * 2, total=20_600), "charge_variance"),
        (replace(order(), charged={"fuel": 200}), freight(500), "matched"),  # each kind has its own
        (replace(order(), charged={"freight": 200}), freight(300), "matched"),
        (replace(order(), charged={"freight": 200}), freight(301), "charge_variance"),  # once for all invoices
        (replace(order(), charged={"freight": 900}), bill(), "matched"),
        (replace(order(), overpaid=4_700), freight(300), "matched"),
        (replace(order(), overpaid=4_700), freight(301), "tolerance_used_up"),  # and it is a share of the order's
        (order(accepted=6), bill(price=25_000_000), "qty_variance"),  # the worst is told
        (replace(order(), overpaid=4_620), bill(price=20_380_000), "matched_within_tolerance"),
        (replace(order(), overpaid=4_621), bill(price=20_380_000), "tolerance_used_up"),
        (replace(order(), overpaid=9_999), bill(), "matched"),
    ],
)
def test_each_case_has_its_verdict(ordered: Ordered, billed: Billed, verdict: str) -> None:
    assert match(ordered, billed, RULES).verdict == verdict


def test_quantity_may_differ_by_the_tighter_of_share_and_pieces() -> None:
    generous = replace(RULES, quantity_points=2_000, quantity_cap=1)

    told = [match(order(ordered=20, received=20, accepted=10), bill(n), generous).verdict for n in (10, 11, 12)]

    assert told == ["matched", "matched_within_tolerance", "qty_variance"]


def test_two_lines_for_the_same_goods_are_counted_together() -> None:
    line = bill(6).lines[0]

    told = match(order(), Billed(currency="EUR", lines=(line, line), total=24_000), RULES)

    assert [each.verdict for each in told.lines] == ["matched", "over_billed"]


def test_the_explanation_is_the_arithmetic() -> None:
    told = match(order(accepted=6, invoiced=2), bill(5, 20_380_000), RULES).lines[0]

    assert told.verdict == "qty_variance"
    assert told.findings[0].sums == {
        **{"ordered": 10, "received": 10, "accepted": 6, "invoiced_before": 2, "billed": 5, "expected": 4, "over": 1},
        **{"allowed_over": 0, "over_ordered": -3, "allowed_over_ordered": 0, "to_come": 0},
    }
    assert told.sums["gap_micros"] == 1_900_000
    assert told.sums["amount_gap"] == 190


def test_yen_have_no_cents_and_dinars_a_thousand_fils() -> None:
    for currency, amount in (("JPY", 200), ("KWD", 200_000)):
        ordered, billed = replace(order(), currency=currency), bill(amount=amount, currency=currency)

        assert match(ordered, billed, RULES).verdict == "matched"


def test_only_goods_that_may_be_late_are_waited_for() -> None:
    day = date(2026, 11, 27)
    late, wrong = (match(order(accepted=6, received=n), bill(), RULES) for n in (6, 10))

    assert exception_due(match(order(), bill(), RULES), day, RULES) is None
    assert exception_due(late, day, RULES) == date(2026, 12, 2)
    assert exception_due(wrong, day, RULES) == day


@pytest.mark.parametrize("wrong", [1.5, True, -1, "1"])
def test_a_number_that_is_not_whole_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        replace(TEN, price=wrong)


QUICK = settings(max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck))
ONCE = settings(QUICK, max_examples=3_000, phases=(Phase.generate,), derandomize=True)


def compare(law: Law, how: settings) -> None:
    @how
    @given(cases())
    def same(case: Case) -> None:
        told = law(case.ordered, case.billed, case.rules)
        counted = by_hand(case)

        assert ([line.verdict for line in told.lines], told.verdict, told.overpaid) == counted

    same()


def test_the_match_counts_as_a_person_would() -> None:
    compare(match, QUICK)


def forgets_what_was_billed(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    return match(replace(ordered, lines=tuple(replace(line, invoiced=0) for line in ordered.lines)), billed, rules)


def pays_for_what_was_sent_back(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    lines = tuple(replace(line, accepted=line.received) for line in ordered.lines)
    return match(replace(ordered, lines=lines), billed, rules)


def the_share_is_enough(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    return match(ordered, billed, replace(rules, price_cap=10**12))


def small_leaks_are_no_leak(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    return match(ordered, billed, replace(rules, order_cap=10**12))


def each_invoice_has_the_tolerance_of_charges(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    return match(replace(ordered, charged={}), billed, rules)


def charges_are_no_share_of_the_cap(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    return replace(match(ordered, billed, rules), overpaid=match(ordered, replace(billed, charges=()), rules).overpaid)


def no_piece_is_rounded_down(ordered: Ordered, billed: Billed, rules: MatchingRules) -> Match:
    return match(ordered, billed, replace(rules, quantity_points=10_000))


@pytest.mark.parametrize(
    "mistaken",
    [
        *(forgets_what_was_billed, pays_for_what_was_sent_back, the_share_is_enough, small_leaks_are_no_leak),
        *(each_invoice_has_the_tolerance_of_charges, charges_are_no_share_of_the_cap, no_piece_is_rounded_down),
    ],
)
def test_the_count_by_hand_notices_a_mistake(mistaken: Law) -> None:
    with pytest.raises(AssertionError):
        compare(mistaken, ONCE)
