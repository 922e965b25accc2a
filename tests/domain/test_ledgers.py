"""The ledgers of pieces, money and unit values against models that keep every piece and every minor unit by itself."""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.domain.money import Money
from gateway.domain.orders import order_from
from gateway.domain.payment_ledger import Overdrawn, PaymentLedger, payment_status
from gateway.domain.quantities import MOVES, Impossible, Move, Quantities, fulfilment_status
from gateway.domain.unit_values import unit_values
from tests.domain.documents import bodies

After = Callable[[Quantities, Move, int], Quantities]
moves = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 3)), max_size=25)
FEW = settings(max_examples=300, deadline=None)


def pieces_agree(ordered: int, happened: list[tuple[int, int]], after: After) -> None:
    """Every piece is somewhere by itself; what cannot be moved is refused, and then nothing has moved."""
    ledger, pieces = Quantities(open=ordered), ["open"] * ordered
    for choice, count in happened:
        move = _move(choice, set(pieces))
        sources, target = MOVES[move]
        there = [number for source in sources for number, place in enumerate(pieces) if place == source]
        try:
            ledger = after(ledger, move, count)
        except Impossible:
            assert len(there) < count
        else:
            assert len(there) >= count
            for number in there[:count]:
                pieces[number] = target
        counted = Counter(pieces)
        assert {each.name: getattr(ledger, each.name) for each in fields(ledger)} == {
            each.name: counted[each.name] for each in fields(ledger)
        }
        assert ledger.ordered == ordered


def _move(choice: int, places: set[str]) -> Move:
    """One that is possible, six times of seven."""
    possible = [move for move, (sources, _) in MOVES.items() if places & set(sources)]
    among = possible if choice % 7 and possible else get_args(Move)
    return among[choice % len(among)]


@given(st.integers(0, 6), moves)
@FEW
def test_pieces_move_and_none_is_lost_track_of(ordered: int, happened: list[tuple[int, int]]) -> None:
    pieces_agree(ordered, happened, Quantities.after)


def _short_but_still_there(ledger: Quantities, move: Move, pieces: int) -> Quantities:
    moved = ledger.after(move, pieces)
    return replace(moved, released=ledger.released) if move == "come_short" else moved


def _cancels_what_has_left(ledger: Quantities, move: Move, pieces: int) -> Quantities:
    if move == "cancel" and ledger.in_transit >= pieces:
        return replace(ledger, in_transit=ledger.in_transit - pieces, cancelled=ledger.cancelled + pieces)
    return ledger.after(move, pieces)


@pytest.mark.parametrize("wrong", [_short_but_still_there, _cancels_what_has_left])
def test_the_model_of_pieces_notices_a_mistake(wrong: After) -> None:
    @given(st.integers(1, 6), moves)
    @settings(max_examples=3_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def looks(ordered: int, happened: list[tuple[int, int]]) -> None:
        pieces_agree(ordered, happened, wrong)

    with pytest.raises(AssertionError):
        looks()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([Quantities(open=2)], "unfulfilled"),
        ([Quantities(allocated=1, backordered=1)], "backordered"),
        ([Quantities(released=1, allocated=1)], "partially_released"),
        ([Quantities(picked=1), Quantities(released=2)], "released"),
        ([Quantities(in_transit=1), Quantities(open=1)], "partially_shipped"),
        ([Quantities(in_transit=1, lost=1)], "shipped"),
        ([Quantities(delivered=1, in_transit=1)], "partially_delivered"),
        ([Quantities(delivered=2, cancelled=3), Quantities(cancelled=1)], "delivered"),
        ([Quantities(cancelled=3)], "cancelled"),
    ],
)
def test_fulfilment_follows_from_pieces_that_were_not_cancelled(lines: list[Quantities], status: str) -> None:
    assert fulfilment_status(lines) == status


Deed = tuple[str, int]
Do = Callable[[PaymentLedger, str, int], PaymentLedger]
DEEDS = ("authorise", "capture", "void", "ask_refund", "refund_done", "refund_refused")
deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 5)), max_size=25)
_COINS = {  # from which purse to which every minor unit goes
    "authorise": ("bank", "held"),
    "capture": ("held", "taken"),
    "void": ("held", "released"),
    "ask_refund": ("taken", "in_flight"),
    "refund_done": ("in_flight", "given_back"),
    "refund_refused": ("in_flight", "taken"),
}


def money_agrees(happened: list[Deed], do: Do) -> None:
    """Every minor unit is in one purse; what is not there is not taken, and then nothing has moved."""
    ledger, purses = PaymentLedger(), Counter({"bank": 10**6})
    for deed, amount in happened:
        source, target = _COINS[deed]
        try:
            ledger = do(ledger, deed, amount)
        except Overdrawn:
            assert purses[source] < amount
        else:
            assert purses[source] >= amount
            purses.subtract({source: amount})
            purses.update({target: amount})
        assert (ledger.held, ledger.refundable, ledger.in_flight) == (
            *(purses["held"], purses["taken"], purses["in_flight"]),
        )
        assert (ledger.refunded, ledger.voided) == (purses["given_back"], purses["released"])


def _do(ledger: PaymentLedger, deed: str, amount: int) -> PaymentLedger:
    done: PaymentLedger = getattr(ledger, deed)(amount)
    return done


@given(deeds)
@FEW
def test_money_is_in_one_place(happened: list[Deed]) -> None:
    money_agrees(happened, _do)


def _unknown_is_no_refund(ledger: PaymentLedger, deed: str, amount: int) -> PaymentLedger:
    """Two refunds of the same money: while one is under way nothing is set aside for it."""
    if deed == "ask_refund" and amount <= ledger.captured - ledger.refunded:
        return replace(ledger, in_flight=min(amount, ledger.refundable))
    return _do(ledger, deed, amount)


def _void_after_capture_gives_all_back(ledger: PaymentLedger, deed: str, amount: int) -> PaymentLedger:
    if deed == "void" and amount:
        return replace(ledger, voided=ledger.authorised - ledger.captured)
    return _do(ledger, deed, amount)


@pytest.mark.parametrize("wrong", [_unknown_is_no_refund, _void_after_capture_gives_all_back])
def test_the_model_of_money_notices_a_mistake(wrong: Do) -> None:
    @given(deeds)
    @settings(max_examples=3_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def looks(happened: list[Deed]) -> None:
        money_agrees(happened, wrong)

    with pytest.raises(AssertionError):
        looks()


@pytest.mark.parametrize(
    ("ledger", "status"),
    [
        (PaymentLedger(), "unpaid"),
        (PaymentLedger(5), "authorised"),
        (PaymentLedger(5, 2), "partially_captured"),
        (PaymentLedger(5, 2, 3), "captured"),
        (PaymentLedger(5, 0, 5), "voided"),
        (PaymentLedger(5, 5, 0, 2), "partially_refunded"),
        (PaymentLedger(5, 5, 0, 5), "refunded"),
    ],
)
def test_the_payment_s_standing_follows_from_its_money(ledger: PaymentLedger, status: str) -> None:
    assert payment_status(ledger) == status


Values = Callable[[dict[str, Any]], dict[str, tuple[Money, ...]]]


def values_agree(body: dict[str, Any], values: Values) -> None:
    """All pieces of all lines and the shipping come to the total, and no piece is worth a unit more than another."""
    order, told = order_from(body, "ord_1"), values(body)
    amounts = [value.amount for line in told.values() for value in line]
    assert sum(amounts) + order.shipping_charge.amount == order.computed().grand_total.amount
    for line in order.lines:
        assert len(told[line.line_id]) == line.quantity
        assert max(told[line.line_id], key=_amount).amount - min(told[line.line_id], key=_amount).amount <= 1


def _amount(money: Money) -> int:
    return money.amount


def _values(body: dict[str, Any]) -> dict[str, tuple[Money, ...]]:
    return dict(unit_values(order_from(body, "ord_1")))


@given(bodies())
@settings(max_examples=50, deadline=None)
def test_pieces_are_worth_what_was_paid_to_the_last_unit(body: dict[str, Any]) -> None:
    values_agree(body, _values)


def _each_rounded_for_itself(body: dict[str, Any]) -> dict[str, tuple[Money, ...]]:
    told = {}
    for line_id, values in _values(body).items():
        each = round(sum(value.amount for value in values) / len(values))
        told[line_id] = tuple(Money(each, body["currency"]) for _ in values)
    return told


def _tax_twice(body: dict[str, Any]) -> dict[str, tuple[Money, ...]]:
    return _values({**body, "tax_mode": "exclusive"})


@pytest.mark.parametrize("wrong", [_each_rounded_for_itself, _tax_twice])
def test_the_model_of_values_notices_a_mistake(wrong: Values) -> None:
    @given(bodies())
    @settings(max_examples=300, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def looks(body: dict[str, Any]) -> None:
        values_agree(body, wrong)

    with pytest.raises(AssertionError):
        looks()
