"""
A return (RMA): which pieces may come back, how many came, what they were found to be, and what of their value is due.

Its state is stored; everything between leaving the customer and being paid back follows from the quantities.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from gateway.domain.quantities import Impossible, Quantities
from gateway.domain.returns_policy import Reason, ReturnRule, Trigger
from gateway.domain.transitions import Transition

SAGA, SAGA_VERSION = "return_to_refund", 1  # the workflow that carries a return out; its run has the return's id

Condition = Literal["new", "open_box", "used", "damaged", "wrong_item", "empty"]
Disposition = Literal[
    "restock",
    "restock_open_box",
    "refurbish",
    "liquidate",
    "scrap",
    "return_to_vendor",
    "donate",
    "quarantine",
    "keep",
]
RESTOCK: Disposition = "restock"


class ReturnState(StrEnum):
    AUTHORISED = "authorised"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CLOSED = "closed"


Status = Literal[
    "authorised",
    "in_transit",
    "partially_received",
    "received",
    "inspecting",
    "dispositioned",
    "declined",
    "cancelled",
    "expired",
    "closed",
]

Action = Literal["cancel", "receive", "inspect"]


_WE = frozenset({"orchestrator"})
_PEOPLE = frozenset({"channel", "operator"})

TRANSITIONS = (
    Transition(ReturnState.AUTHORISED, ReturnState.CANCELLED, "cancel", _PEOPLE),
    Transition(ReturnState.AUTHORISED, ReturnState.DECLINED, "a person looked at it and said no", _WE | {"operator"}),
    Transition(ReturnState.AUTHORISED, ReturnState.EXPIRED, "nothing came in time", frozenset({"timer"}) | _WE),
    Transition(ReturnState.AUTHORISED, ReturnState.CLOSED, "paid back, credited and put away", _WE),
)
_MOVES = frozenset((move.before, move.after) for move in TRANSITIONS)
GIVES_UP = frozenset({ReturnState.CANCELLED, ReturnState.DECLINED, ReturnState.EXPIRED})  # its pieces are free again


def may_become(before: ReturnState, after: ReturnState) -> bool:
    return (before, after) in _MOVES


@dataclass(frozen=True, slots=True)
class ReturnQuantities:
    """Pieces of one line of a return. None is counted twice; what is more than was authorised is no piece of it."""

    authorised: int
    received: int = 0
    accepted: int = 0
    rejected: int = 0
    missing: int = 0
    surplus: int = 0  # that came beyond what was authorised: somebody has to look

    def __post_init__(self) -> None:
        if any(getattr(self, each.name) < 0 for each in fields(self)):
            raise Impossible("pieces are not negative")
        if self.received + self.missing > self.authorised:
            raise Impossible(f"{self.received + self.missing} came or are missing of {self.authorised} authorised")
        if self.accepted + self.rejected > self.received:
            raise Impossible(f"{self.accepted + self.rejected} were looked at of {self.received} that came")

    @property
    def outstanding(self) -> int:
        return self.authorised - self.received - self.missing

    @property
    def uninspected(self) -> int:
        return self.received - self.accepted - self.rejected

    @property
    def counted(self) -> bool:
        """Has a warehouse or store counted any of it?"""
        return self.received + self.missing > 0

    def receive(self, pieces: int) -> "ReturnQuantities":
        """What was thought missing is found again before anything is too much."""
        room = self.authorised - self.received
        taken = min(_positive(pieces), room)
        received = self.received + taken
        return replace(
            self,
            received=received,
            missing=min(self.missing, self.authorised - received),
            surplus=self.surplus + pieces - taken,
        )

    def miss(self, pieces: int) -> "ReturnQuantities":
        """They should have been among what came. Raises `Impossible` when there are not so many outstanding."""
        return replace(self, missing=self.missing + _positive(pieces))

    def accept(self, pieces: int) -> "ReturnQuantities":
        """Raises `Impossible` when not so many came that nobody has looked at."""
        return replace(self, accepted=self.accepted + _positive(pieces))

    def reject(self, pieces: int) -> "ReturnQuantities":
        """As `accept`."""
        return replace(self, rejected=self.rejected + _positive(pieces))

    def refundable(self, trigger: Trigger) -> int:
        """The most that may be paid back: what was authorised until it is counted, then what was accepted.

        Where receipt is enough, what came is accepted until somebody rejects it.
        """
        if not self.counted:
            return self.authorised
        return self.received - self.rejected if trigger == "receipt" else self.accepted

    def due(self, trigger: Trigger, *, scanned: bool = False) -> int:
        """Of that, what is to be paid back now. *scanned*: a carrier has them."""
        if self.counted:
            return self.refundable(trigger)
        return self.authorised if trigger == "scan" and scanned else 0


def _positive(pieces: int) -> int:
    if pieces < 0:
        raise Impossible("pieces do not come backwards")
    return pieces


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """*units* are pieces of the order's line, counted from 0, and *values* what each is worth, in minor units."""

    line_id: str  # of the return and of its order: a return has each line once
    sku: str
    reason: Reason
    units: tuple[int, ...]
    values: tuple[int, ...]
    quantities: ReturnQuantities
    rule: ReturnRule

    def value(self, pieces: int) -> int:
        """Of the first so many of its pieces."""
        return sum(self.values[:pieces])

    def fee(self, pieces: int) -> int:
        return self.rule.fee_on(self.value(pieces), self.reason)

    def due(self, *, scanned: bool = False) -> int:
        """How many of its pieces are to be paid back now. What the customer may keep need not come first."""
        if self.rule.method == "keep":
            return self.quantities.authorised
        return self.quantities.due(self.rule.refund_on, scanned=scanned)

    def tranche(self, before: int, after: int) -> tuple[int, int]:
        """Value and fee of what comes on top of the first *before* pieces: all tranches sum to exactly the whole."""
        return self.value(after) - self.value(before), self.fee(after) - self.fee(before)


@dataclass(frozen=True, slots=True)
class Return:
    return_id: str
    order_id: str
    channel_id: str
    channel_return_id: str
    currency: str
    state: ReturnState
    scanned_at: datetime | None
    expires_at: datetime
    lines: tuple[ReturnLine, ...]
    requested_by: str  # a partner, or `operator:` and a name

    @property
    def asking_operator(self) -> str | None:
        """Whoever asked for it, where that was a person of ours: they decide nothing about its money."""
        kind, _, name = self.requested_by.partition(":")
        return name if kind == "operator" and name else None

    @property
    def status(self) -> Status:
        return status_of(self.state, [line.quantities for line in self.lines], scanned=self.scanned_at is not None)

    @property
    def allowed_actions(self) -> tuple[Action, ...]:
        if self.state is not ReturnState.AUTHORISED:
            return ()
        counted = any(line.quantities.counted for line in self.lines)
        inspected = not any(line.quantities.uninspected for line in self.lines)
        coming = counted or self.scanned_at is not None  # what a carrier has may be paid for: it is not given up
        told: list[Action] = ["receive"] if coming else ["cancel", "receive"]
        return tuple(told) if inspected else (*told, "inspect")


def status_of(state: ReturnState, lines: Sequence[ReturnQuantities], *, scanned: bool) -> Status:
    if state is not ReturnState.AUTHORISED:
        return state.value  # type: ignore[return-value]
    if not any(line.counted for line in lines):
        return "in_transit" if scanned else "authorised"
    if any(line.outstanding for line in lines):
        return "partially_received"
    if not any(line.uninspected for line in lines):
        return "dispositioned"
    return "inspecting" if any(line.accepted + line.rejected for line in lines) else "received"


OrderReturnStatus = Literal["none", "requested", "partially_returned", "returned"]


def order_return_status(pieces: Sequence[Quantities], *, asked: int, received: int) -> OrderReturnStatus:
    """Of an order: so many pieces are in returns that were not given up, so many of them have come."""
    if not received:
        return "requested" if asked else "none"
    return "returned" if received >= sum(line.shipped - line.lost for line in pieces) else "partially_returned"
