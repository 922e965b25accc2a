"""A fulfilment: what one executor does of an order, the states it can be in, and what each means for its pieces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from gateway.domain.quantities import Move
from gateway.domain.shares import Share

Executor = Literal["warehouse", "store"]


class FulfilmentStatus(StrEnum):
    PLANNED = "planned"
    BOOKED = "booked"
    RELEASED = "released"
    ACCEPTED = "accepted"  # by the store
    READY = "ready"
    SHIPPED = "shipped"
    COLLECTED = "collected"
    COMPLETED = "completed"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


Pieces = Literal["allocated", "released", "picked", "shipped", "collected", "given_back"]

# What happens to pieces that stand so, when they come to stand otherwise. Those that are further already stay there.
_MOVES: Mapping[tuple[Pieces, Pieces], tuple[Move, ...]] = {
    ("allocated", "released"): ("release",),
    ("allocated", "picked"): ("release", "pick"),
    ("allocated", "shipped"): ("release", "ship"),
    ("allocated", "collected"): ("release", "ship", "deliver"),
    ("allocated", "given_back"): ("give_back",),
    ("released", "picked"): ("pick",),
    ("released", "shipped"): ("ship",),
    ("released", "collected"): ("ship", "deliver"),
    ("released", "given_back"): ("take_back", "give_back"),
    ("picked", "shipped"): ("ship",),
    ("picked", "collected"): ("ship", "deliver"),
    ("picked", "given_back"): ("take_back", "give_back"),
}

ENDED = frozenset({FulfilmentStatus.COMPLETED, FulfilmentStatus.CANCELLED, FulfilmentStatus.REJECTED})
STOPPABLE = frozenset(
    {
        FulfilmentStatus.PLANNED,
        FulfilmentStatus.BOOKED,
        FulfilmentStatus.RELEASED,
        FulfilmentStatus.ACCEPTED,
        FulfilmentStatus.READY,
    }
)
GONE = frozenset({FulfilmentStatus.SHIPPED, FulfilmentStatus.COLLECTED, FulfilmentStatus.COMPLETED})
WITHOUT_PIECES = frozenset({FulfilmentStatus.CANCELLED, FulfilmentStatus.REJECTED})

_PIECES: Mapping[FulfilmentStatus, Pieces] = {
    FulfilmentStatus.RELEASED: "released",
    FulfilmentStatus.READY: "picked",
    FulfilmentStatus.SHIPPED: "shipped",
    FulfilmentStatus.COLLECTED: "collected",
    FulfilmentStatus.CANCELLED: "given_back",
    FulfilmentStatus.REJECTED: "given_back",
}


def pieces_once(status: FulfilmentStatus, before: Pieces) -> tuple[Pieces, tuple[Move, ...]]:
    """Where its pieces stand once it is in this state, and how they come there from where they stood."""
    after = _PIECES.get(status, before)
    moves = _MOVES.get((before, after))
    return (after, moves) if moves else (before, ())


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
    created_at: datetime
    executor: Executor = "warehouse"
    reason: Mapping[str, str] | None = None

    def counts(self) -> dict[str, int]:
        """Pieces by line."""
        counted: dict[str, int] = {}
        for block in self.share.blocks:
            counted[block.line_id] = counted.get(block.line_id, 0) + block.quantity
        return counted
