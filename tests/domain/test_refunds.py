"""What goes back out of which capture: all draws of a tranche sum to what its pieces are worth, less the fees."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.refunds import TRANSITIONS, Piece, RefundState, draws, holds, may_become

PIECES = st.lists(
    st.builds(
        lambda line, part, value, tax: Piece(line, f"SKU-{line}", value, min(value, tax), part),
        st.sampled_from("12"),
        st.sampled_from(("ful_1", "ful_2", "ful_3")),
        st.integers(0, 10_000),
        st.integers(0, 2_000),
    ),
    min_size=1,
    max_size=12,
)


@given(pieces=PIECES, percent=st.integers(0, 100))
def test_no_penny_is_lost_or_found(pieces: list[Piece], percent: int) -> None:
    worth = {line: sum(piece.value for piece in pieces if piece.line_id == line) for line in "12"}
    fees = {line: value * percent // 100 for line, value in worth.items()}

    told = draws(pieces, fees, "GBP")

    assert sum(draw.amount for draw in told) == sum(worth.values()) - sum(fees.values())
    assert sum(line.quantity for draw in told for line in draw.lines) == len(pieces)
    assert all(draw.amount >= 0 and draw.fee >= 0 for draw in told)


@given(pieces=PIECES)
def test_each_piece_is_paid_out_of_the_capture_that_it_was_taken_with(pieces: list[Piece]) -> None:
    told = draws(pieces, {}, "GBP")

    for draw in told:
        own = [piece for piece in pieces if piece.part_id == draw.part_id]
        assert draw.amount == sum(piece.value for piece in own)
        assert sum(line.tax for line in draw.lines) == sum(piece.tax for piece in own)
    assert [draw.part_id for draw in told] == sorted({piece.part_id for piece in pieces})


def test_what_nobody_knows_the_outcome_of_holds_its_money() -> None:
    assert [holds(state, 5) for state in RefundState] == [
        (5, 0),  # pending approval
        (5, 0),  # approved
        (5, 0),  # submitted
        (0, 5),  # succeeded
        (0, 0),  # failed
        (5, 0),  # late failed
        (0, 0),  # rejected
    ]


def test_no_move_leads_out_of_an_end_but_the_providers_word() -> None:
    ends = {RefundState.FAILED, RefundState.REJECTED}

    assert not [move for move in TRANSITIONS if move.before in ends]
    assert may_become(RefundState.SUCCEEDED, RefundState.LATE_FAILED)
    assert not may_become(RefundState.SUBMITTED, RefundState.APPROVED)
