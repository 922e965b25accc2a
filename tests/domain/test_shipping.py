"""What is on its way keeps to what is open, however it is packed; what is accepted keeps to the tolerance."""

from itertools import accumulate
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.purchase_orders import PurchaseLine
from gateway.domain.receiving import Delivered, ReceivingTerms, count, progress
from gateway.domain.shipping import open_pieces, packed, wrong_contents, wrong_units
from tests.resources.delivered import pallet, piece, sscc

LINES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 50)), min_size=1, max_size=8)
LINE = PurchaseLine("a", "LAMP", 100, 450, "2027-01-10")


def cartons(lines: list[tuple[str, int]], each: int) -> list[Any]:
    pieces = [piece(quantity, name) for name, quantity in lines]
    return [pallet(1, *[pieces[start : start + each] for start in range(0, len(pieces), each)])]


@given(LINES, st.integers(1, 8), st.integers(0, 200))
def test_how_it_is_packed_changes_nothing(lines: list[tuple[str, int]], each: int, left: int) -> None:
    one, many = cartons(lines, 8), cartons(lines, each)
    bounds = {"a": left, "b": left}

    assert packed(one) == packed(many)
    assert len(list(wrong_contents(one, bounds))) == len(list(wrong_contents(many, bounds)))
    assert bool(list(wrong_contents(one, bounds))) == any(pieces > left for pieces in packed(one).values())


@given(st.lists(st.integers(1, 20), min_size=2, max_size=6))
def test_a_number_that_stands_twice_is_told_once_for_each_time_more(numbers: list[int]) -> None:
    pallets = [{"sscc": sscc(number), "cartons": []} for number in numbers]

    wrong = [each.code for each in wrong_units(pallets, ())]

    assert wrong == ["duplicate_sscc"] * (len(numbers) - len(set(numbers)))
    assert len(list(wrong_units(pallets, {sscc(number) for number in numbers}))) == len(numbers)


@given(st.lists(st.tuples(st.integers(1, 80), st.integers(0, 80)), min_size=1, max_size=6), st.integers(0, 100))
def test_no_more_is_accepted_than_is_tolerated_and_no_piece_is_lost(
    receipts: list[tuple[int, int]], percent: int
) -> None:
    terms, before = ReceivingTerms(percent), Delivered()
    for received, damaged in receipts:
        told = count({"received": received, "damaged": min(damaged, received)}, LINE, before, terms)
        assert told.accepted + told.over + told.damaged == told.received == received
        before = Delivered(0, before.received + received, before.accepted + told.accepted)

    whole = sum(received - min(damaged, received) for received, damaged in receipts)
    assert before.accepted == min(whole, 100 + percent)
    expected = "received" if before.accepted >= 100 else "partially_received" if before.accepted else None
    assert progress([LINE], {"a": before}) == expected


@given(st.lists(st.integers(0, 40), max_size=6))
def test_what_is_open_never_is_less_than_nothing(accepted: list[int]) -> None:
    left = [open_pieces(100, accepted=so_far, in_transit=10) for so_far in accumulate(accepted)]

    assert left == sorted(left, reverse=True)
    assert all(each >= 0 for each in left)
