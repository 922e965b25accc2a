"""
Money that goes back: how much for which pieces out of which capture, the states of a refund, and what each of them
holds of the money that was taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.money import Money
from gateway.domain.transitions import Transition


class RefundState(StrEnum):
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    SUBMITTED = "submitted"  # asked for; whether it came to pass may be unknown
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # by the provider's word, and given up: nothing goes back under it
    LATE_FAILED = "late_failed"  # the provider took its success back; the customer still has it to get
    REJECTED = "rejected"  # nobody approved of it


_WE, _FINANCE, _PSP = frozenset({"orchestrator"}), frozenset({"finance"}), frozenset({"psp"})
_S = RefundState
TRANSITIONS = (
    Transition(_S.PENDING_APPROVAL, _S.APPROVED, "approved", _FINANCE),
    Transition(_S.PENDING_APPROVAL, _S.REJECTED, "rejected, or not decided in time", _FINANCE | _WE),
    Transition(_S.APPROVED, _S.SUBMITTED, "the provider is about to be asked", _WE),
    Transition(_S.SUBMITTED, _S.SUCCEEDED, "the provider did it, by its answer or a look-up", _WE | _FINANCE),
    Transition(_S.SUBMITTED, _S.FAILED, "the provider said no, and a person gave it up", _FINANCE),
    Transition(_S.SUCCEEDED, _S.LATE_FAILED, "the provider says that it failed after all", _PSP),
    Transition(_S.LATE_FAILED, _S.SUCCEEDED, "it was paid in another way", _FINANCE),
    Transition(_S.LATE_FAILED, _S.FAILED, "it is asked for anew, or given up", _FINANCE),
)
_MOVES = frozenset((move.before, move.after) for move in TRANSITIONS)

ENDED = frozenset({_S.SUCCEEDED, _S.FAILED, _S.REJECTED})
_FREE = frozenset({_S.FAILED, _S.REJECTED})


def may_become(before: RefundState, after: RefundState) -> bool:
    return (before, after) in _MOVES


def holds(state: RefundState | None, amount: int) -> tuple[int, int]:
    """What a refund that stands so holds of its payment: in flight, refunded. None: there is none yet."""
    if state is None or state in _FREE:
        return 0, 0
    return (0, amount) if state is _S.SUCCEEDED else (amount, 0)


@dataclass(frozen=True, slots=True)
class Piece:
    """One unit that came back. Minor units: *value* is what the customer paid for it, *tax* what of that is tax."""

    line_id: str
    sku: str
    value: int
    tax: int
    part_id: str  # the part of the order that it left with


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Pieces of a line, and what they are worth together, in minor units."""

    line_id: str
    sku: str
    quantity: int
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What goes back out of one part's capture: the pieces that left with it, less its share of the fee."""

    part_id: str
    lines: tuple[RefundLine, ...]
    fee: int

    @property
    def amount(self) -> int:
        return sum(line.net + line.tax for line in self.lines) - self.fee


def draws(pieces: Sequence[Piece], fees: Mapping[str, int], currency: str) -> tuple[Draw, ...]:
    """A tranche split by capture, in the order of the parts' ids. *fees* by line, never more than its pieces are worth;
    they are borne by pieces in proportion to their value, so that all draws sum to exactly the value less the fees."""
    borne = _borne(pieces, fees, currency)
    parts = sorted({piece.part_id for piece in pieces})
    return tuple(
        Draw(
            part_id,
            _lines([piece for piece in pieces if piece.part_id == part_id]),
            sum(fee for piece, fee in zip(pieces, borne, strict=True) if piece.part_id == part_id),
        )
        for part_id in parts
    )


def _borne(pieces: Sequence[Piece], fees: Mapping[str, int], currency: str) -> list[int]:
    borne = [0] * len(pieces)
    for line_id, fee in fees.items():
        places = [place for place, piece in enumerate(pieces) if piece.line_id == line_id]
        if not places or not fee:
            continue
        shares = Money(fee, currency).allocate([pieces[place].value for place in places])
        for place, share in zip(places, shares, strict=True):
            borne[place] = share.amount
    return borne


def _lines(pieces: Sequence[Piece]) -> tuple[RefundLine, ...]:
    by_line: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_line.setdefault(piece.line_id, []).append(piece)
    return tuple(
        RefundLine(line_id, own[0].sku, len(own), sum(p.value - p.tax for p in own), sum(p.tax for p in own))
        for line_id, own in by_line.items()
    )
