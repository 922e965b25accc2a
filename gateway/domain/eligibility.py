"""May these pieces come back? Piece by piece of an order's line: yes, until when; or why not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from gateway.domain.returns_policy import ReturnRule
from gateway.domain.shares import Block

Why = Literal["not_shipped", "already_returned", "non_returnable", "outside_return_window"]


@dataclass(frozen=True, slots=True)
class Left:
    """Pieces that left us, or were fetched, and when."""

    block: Block
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The same of *quantity* pieces from the *first* on, counted from 0 over the line. Without a *why* they may."""

    first: int
    quantity: int
    why: Why | None
    window_ends_at: datetime | None  # of what has left and does come back

    @property
    def units(self) -> range:
        return range(self.first, self.first + self.quantity)


def verdicts(
    quantity: int, left: Sequence[Left], taken: Sequence[Block], *, rule: ReturnRule, now: datetime
) -> list[Verdict]:
    """Of each piece of a line of so many. *left* and *taken* are of this line; what is taken is in a return already."""
    cuts = {0, quantity}
    for block in (*(each.block for each in left), *taken):
        cuts |= {min(block.first, quantity), min(block.first + block.quantity, quantity)}
    ends = sorted(cuts)
    told: list[Verdict] = []
    for first, end in pairwise(ends):
        why, window = _verdict(first, left, taken, rule=rule, now=now)
        if told and (told[-1].why, told[-1].window_ends_at) == (why, window):
            told[-1] = Verdict(told[-1].first, end - told[-1].first, why, window)
        else:
            told.append(Verdict(first, end - first, why, window))
    return told


def _verdict(
    unit: int, left: Sequence[Left], taken: Sequence[Block], *, rule: ReturnRule, now: datetime
) -> tuple[Why | None, datetime | None]:
    at = next((each.at for each in left if _holds(each.block, unit)), None)
    if at is None:
        return "not_shipped", None
    window = at + timedelta(days=rule.days) if rule.days else None
    if any(_holds(block, unit) for block in taken):
        return "already_returned", window
    if window is None:
        return "non_returnable", None
    return ("outside_return_window", window) if now > window else (None, window)


def _holds(block: Block, unit: int) -> bool:
    return block.first <= unit < block.first + block.quantity


def returnable(told: Iterable[Verdict], wanted: int) -> tuple[int, ...]:
    """The first *wanted* pieces that may come back; fewer, if there are not so many."""
    units: list[int] = []
    for verdict in told:
        if verdict.why is None:
            units.extend(verdict.units[: wanted - len(units)])
    return tuple(units)


def refusal(told: Iterable[Verdict]) -> Why | None:
    """Why not more of them may come back: what speaks against most of the others."""
    against = Counter[Why]()
    for verdict in told:
        if verdict.why is not None:
            against[verdict.why] += verdict.quantity
    return against.most_common(1)[0][0] if against else None
