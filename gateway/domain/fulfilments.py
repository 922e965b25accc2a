"""A fulfilment: what one executor does of an order, the states it can be in, and what each means for its pieces."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gateway.domain.quantities import Move
from gateway.domain.shares import Share


class FulfilmentStatus(StrEnum):
    PLANNED = "planned"
    BOOKED = "booked"
    RELEASED = "released"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


Pieces = Literal["allocated", "released", "shipped", "given_back"]

# What happens to pieces that stand so, when they come to stand otherwise.
_MOVES: Mapping[tuple[str, Pieces], tuple[Move, ...]] = {
    ("allocated", "released"): ("release",),
    ("allocated", "shipped"): ("release", "ship"),
    ("released", "shipped"): ("ship",),
    ("allocated", "given_back"): ("give_back",),
    ("released", "given_back"): ("take_back", "give_back"),
}

ENDED = frozenset({FulfilmentStatus.COMPLETED, FulfilmentStatus.CANCELLED, FulfilmentStatus.REJECTED})
STOPPABLE = frozenset({FulfilmentStatus.PLANNED, FulfilmentStatus.BOOKED, FulfilmentStatus.RELEASED})
GONE = frozenset({FulfilmentStatus.SHIPPED, FulfilmentStatus.COMPLETED})
WITHOUT_PIECES = frozenset({FulfilmentStatus.CANCELLED, FulfilmentStatus.REJECTED})

_PIECES: Mapping[FulfilmentStatus, Pieces] = {
    FulfilmentStatus.RELEASED: "released",
    FulfilmentStatus.SHIPPED: "shipped",
    FulfilmentStatus.CANCELLED: "given_back",
    FulfilmentStatus.REJECTED: "given_back",
}


def pieces_once(status: FulfilmentStatus) -> Pieces | None:
    """Where its pieces stand once it is in this state; None: where they stood."""
    return _PIECES.get(status)


def moves_between(before: Pieces, after: Pieces) -> tuple[Move, ...]:
    """Raises `KeyError` for a way that there is not."""
    return () if before == after else _MOVES[before, after]


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """*number* counts the order's fulfilments; it is the attempt of its reservation."""

    fulfilment_id: str
    order_id: str
    number: int
    group_id: str
    node_id: str
    method: str
    status: FulfilmentStatus
    pieces: Pieces
    share: Share
    amount: int  # minor units
    reason: Mapping[str, str] | None = None

    def counts(self) -> dict[str, int]:
        """Pieces by line."""
        counted: dict[str, int] = {}
        for block in self.share.blocks:
            counted[block.line_id] = counted.get(block.line_id, 0) + block.quantity
        return counted
