"""Returns against models that keep every piece and every minor unit by itself."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.domain.eligibility import Left, Verdict, refusal, returnable, verdicts
from gateway.domain.money import Money
from gateway.domain.quantities import Impossible, Quantities
from gateway.domain.returns import (
    ReturnLine,
    ReturnQuantities,
    ReturnState,
    order_return_status,
    status_of,
)
from gateway.domain.returns_policy import FeeKind, ReturnRule
from gateway.domain.shares import Block
from gateway.domain.unit_values import portion

FEW = settings(max_examples=300, deadline=None)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
USUAL = ReturnRule(name="usual")
Do = Callable[[ReturnQuantities, str, int], ReturnQuantities]
deeds = st.lists(st.tuples(st.sampled_from(["receive", "miss", "accept", "reject"]), st.integers(0, 4)), max_size=20)


def quantities_agree(authorised: int, happened: list[tuple[str, int]], do: Do) -> None:
    """Every piece is somewhere by itself: away, come, accepted, rejected or missing; any others are too many."""
    ledger, pieces, surplus = ReturnQuantities(authorised), ["away"] * authorised, 0
    for deed, count in happened:
        sources, target = _PLACES[deed]
        there = [n for source in sources for n, place in enumerate(pieces) if place == source]
        try:
            ledger = do(ledger, deed, count)
        except Impossible:
            assert len(there) < count
        else:
            assert deed == "receive" or len(there) >= count
            surplus += max(0, count - len(there))
            for n in there[:count]:
                pieces[n] = target
        at = Counter(pieces)
        came = at["come"] + at["accepted"] + at["rejected"]
        assert (ledger.received, ledger.accepted, ledger.rejected) == (came, at["accepted"], at["rejected"])
        assert (ledger.missing, ledger.outstanding, ledger.surplus) == (at["missing"], at["away"], surplus)
        _pays_for_what_is_accepted(ledger, at)


def _pays_for_what_is_accepted(ledger: ReturnQuantities, at: Counter[str]) -> None:
    counted = at["away"] < ledger.authorised
    assert ledger.refundable("inspection") == (at["accepted"] if counted else ledger.authorised)
    assert ledger.refundable("receipt") == (at["accepted"] + at["come"] if counted else ledger.authorised)
    assert ledger.due("inspection") == at["accepted"]
    assert ledger.due("scan", scanned=True) == (at["accepted"] if counted else ledger.authorised)


_PLACES = {
    "receive": (("away", "missing"), "come"),
    "miss": (("away",), "missing"),
    "accept": (("come",), "accepted"),
    "reject": (("come",), "rejected"),
}


def _do(ledger: ReturnQuantities, deed: str, pieces: int) -> ReturnQuantities:
    done: ReturnQuantities = getattr(ledger, deed)(pieces)
    return done


@given(st.integers(1, 6), deeds)
@FEW
def test_what_came_back_is_counted_once(authorised: int, happened: list[tuple[str, int]]) -> None:
    quantities_agree(authorised, happened, _do)


def _overwrites(ledger: ReturnQuantities, deed: str, pieces: int) -> ReturnQuantities:
    """The second partial receipt replaces the first one."""
    if deed == "receive" and ledger.received and pieces >= ledger.accepted + ledger.rejected:
        return replace(ledger, received=min(pieces, ledger.authorised - ledger.missing))
    return _do(ledger, deed, pieces)


def _takes_what_is_too_much(ledger: ReturnQuantities, deed: str, pieces: int) -> ReturnQuantities:
    after = _do(ledger, deed, pieces)
    return replace(after, surplus=0) if deed == "receive" else after


@pytest.mark.parametrize("wrong", [_overwrites, _takes_what_is_too_much])
def test_the_model_of_quantities_notices_a_mistake(wrong: Do) -> None:
    @given(st.integers(1, 6), deeds)
    @settings(max_examples=3_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def looks(authorised: int, happened: list[tuple[str, int]]) -> None:
        quantities_agree(authorised, happened, wrong)

    with pytest.raises(AssertionError):
        looks()


Tranche = Callable[[ReturnLine, int, int], tuple[int, int]]
rules = st.builds(
    lambda kind, value, cap: replace(USUAL, fee=kind, fee_value=value, fee_cap=cap),
    st.sampled_from(["none", "flat", "percent"]),
    st.integers(1, 100),
    st.none() | st.integers(0, 500),
)


def values_agree(total: int, quantity: int, rule: ReturnRule, dice: Any, tranche: Tranche) -> None:
    """However the pieces of a line are dealt out to returns, and these paid back: together it is what was paid."""
    hands: list[list[int]] = [[], [], []]
    for unit in range(quantity):
        hands[dice.randrange(3)].append(unit)
    paid = 0
    for units in filter(None, hands):
        values = tuple(portion(Money(total, "GBP"), quantity, unit, 1) for unit in units)
        line = ReturnLine("1", "LAMP-7", "changed_mind", tuple(units), values, ReturnQuantities(len(units)), rule)
        cuts = sorted({0, len(units), *(dice.randrange(len(units) + 1) for _ in range(2))})
        tranches = [tranche(line, one, other) for one, other in pairwise(cuts)]
        paid += sum(value for value, _ in tranches)
        whole = sum(values)
        assert all(0 <= fee <= whole for _, fee in tranches)
        assert sum(fee for _, fee in tranches) == _fee(rule, whole)
    assert paid == total


def _fee(rule: ReturnRule, whole: int) -> int:
    fee = {"none": 0, "flat": rule.fee_value, "percent": whole * rule.fee_value // 100}[rule.fee]
    return min(fee, whole, whole if rule.fee_cap is None else rule.fee_cap)


@given(st.integers(0, 10**6), st.integers(1, 12), rules, st.randoms(use_true_random=False))
@FEW
def test_returns_of_all_pieces_are_worth_what_was_paid(total: int, quantity: int, rule: ReturnRule, dice: Any) -> None:
    values_agree(total, quantity, rule, dice, ReturnLine.tranche)


def _average(line: ReturnLine, before: int, after: int) -> tuple[int, int]:
    value = sum(line.values) // len(line.values) * (after - before)
    return value, line.tranche(before, after)[1]


def _a_fee_each_time(line: ReturnLine, before: int, after: int) -> tuple[int, int]:
    value = line.tranche(before, after)[0]
    return value, line.rule.fee_on(value, line.reason)


@pytest.mark.parametrize("wrong", [_average, _a_fee_each_time])
def test_the_model_of_values_notices_a_mistake(wrong: Tranche) -> None:
    @given(st.integers(0, 10**6), st.integers(1, 12), rules, st.randoms(use_true_random=False))
    @settings(max_examples=3_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def looks(total: int, quantity: int, rule: ReturnRule, dice: Any) -> None:
        values_agree(total, quantity, rule, dice, wrong)

    with pytest.raises(AssertionError):
        looks()


@pytest.mark.parametrize(
    ("kind", "value", "cap", "reason", "fee"),
    [
        ("none", 0, None, "changed_mind", 0),
        ("flat", 300, None, "changed_mind", 300),
        ("flat", 9_000, None, "changed_mind", 2_999),
        ("percent", 15, None, "changed_mind", 449),
        ("percent", 15, 400, "changed_mind", 400),
        ("percent", 15, 400, "defective", 0),
        ("percent", 15, None, None, 449),
    ],
)
def test_a_fee_is_waived_capped_and_rounded_down(
    kind: FeeKind, value: int, cap: int | None, reason: str | None, fee: int
) -> None:
    rule = replace(USUAL, fee=kind, fee_value=value, fee_cap=cap)

    assert rule.fee_on(2_999, reason) == fee


def told(**changes: Any) -> list[Verdict]:
    left = [Left(Block("1", 0, 4), NOW - timedelta(days=3)), Left(Block("1", 4, 2), NOW - timedelta(days=31))]
    given_: dict[str, Any] = {"left": left, "taken": [Block("1", 1, 1)], "rule": USUAL, "now": NOW, **changes}
    return verdicts(8, given_["left"], given_["taken"], rule=given_["rule"], now=given_["now"])


def test_each_piece_has_its_verdict() -> None:
    soon, late = NOW + timedelta(days=27), NOW - timedelta(days=1)

    assert told() == [
        Verdict(0, 1, None, soon),
        Verdict(1, 1, "already_returned", soon),
        Verdict(2, 2, None, soon),
        Verdict(4, 2, "outside_return_window", late),
        Verdict(6, 2, "not_shipped", None),
    ]
    assert returnable(told(), 2) == (0, 2)
    assert returnable(told(), 9) == (0, 2, 3)


def test_the_window_s_last_moment_is_inside() -> None:
    left = [Left(Block("1", 0, 8), NOW - timedelta(days=30))]

    assert told(left=left, taken=[]) == [Verdict(0, 8, None, NOW)]
    assert refusal(told(left=left, taken=[], now=NOW + timedelta(seconds=1))) == "outside_return_window"


def test_what_is_final_does_not_come_back() -> None:
    verdict = told(rule=replace(USUAL, days=0), taken=[])

    assert [(each.quantity, each.why) for each in verdict] == [(6, "non_returnable"), (2, "not_shipped")]
    assert refusal(verdict) == "non_returnable"


@pytest.mark.parametrize(
    ("lines", "scanned", "status"),
    [
        ([ReturnQuantities(2)], False, "authorised"),
        ([ReturnQuantities(2)], True, "in_transit"),
        ([ReturnQuantities(2, 1)], True, "partially_received"),
        ([ReturnQuantities(2, 2), ReturnQuantities(1)], False, "partially_received"),
        ([ReturnQuantities(2, 2)], False, "received"),
        ([ReturnQuantities(2, 1, missing=1)], False, "received"),
        ([ReturnQuantities(2, 2, accepted=1)], False, "inspecting"),
        ([ReturnQuantities(3, 2, accepted=1, rejected=1, missing=1)], False, "dispositioned"),
    ],
)
def test_a_return_s_status_follows_from_its_pieces(lines: list[ReturnQuantities], scanned: bool, status: str) -> None:
    assert status_of(ReturnState.AUTHORISED, lines, scanned=scanned) == status


@pytest.mark.parametrize(
    ("asked", "received", "status"),
    [(0, 0, "none"), (2, 0, "requested"), (2, 1, "partially_returned"), (5, 5, "returned")],
)
def test_an_order_s_return_status_follows_from_its_pieces(asked: int, received: int, status: str) -> None:
    pieces = [Quantities(in_transit=3, cancelled=2), Quantities(delivered=2, lost=1)]

    assert order_return_status(pieces, asked=asked, received=received) == status
