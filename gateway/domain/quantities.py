"""
The quantity ledger of an order line: where each of its pieces stands. Pieces move; none appears or is lost track of.

What an order's fulfilment comes to follows from it, and is never stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

Move = Literal[
    "allocate",
    "give_back",
    "backorder",
    "release",
    "take_back",
    "pick",
    "come_short",
    "ship",
    "deliver",
    "lose",
    "cancel",
]

# What may happen to pieces: from where, in this order, to where.
MOVES: Mapping[Move, tuple[tuple[str, ...], str]] = {
    "allocate": (("open", "backordered"), "allocated"),
    "give_back": (("allocated",), "open"),
    "backorder": (("open",), "backordered"),
    "release": (("allocated",), "released"),
    "take_back": (("released", "picked"), "allocated"),  # the executor gave up what it had accepted
    "pick": (("released",), "picked"),
    "come_short": (("released", "picked"), "open"),  # it is not there: sourced anew
    "ship": (("picked", "released"), "in_transit"),  # not every executor tells what it picks
    "deliver": (("in_transit",), "delivered"),
    "lose": (("in_transit",), "lost"),
    "cancel": (("open", "backordered", "allocated", "released", "picked"), "cancelled"),
}

FulfilmentStatus = Literal[
    "unfulfilled",
    "backordered",
    "partially_released",
    "released",
    "partially_shipped",
    "shipped",
    "partially_delivered",
    "delivered",
    "cancelled",
]


class Impossible(ValueError):
    """There are not so many pieces where they would have to come from."""


@dataclass(frozen=True, slots=True)
class Quantities:
    """Pieces of one line, none negative; what was collected in a store counts as delivered."""

    open: int = 0
    backordered: int = 0
    allocated: int = 0
    released: int = 0
    picked: int = 0
    in_transit: int = 0
    delivered: int = 0
    lost: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if any(getattr(self, each.name) < 0 for each in fields(self)):
            raise Impossible("pieces are not negative")

    @property
    def ordered(self) -> int:
        return sum(getattr(self, each.name) for each in fields(self))

    @property
    def shipped(self) -> int:
        return self.in_transit + self.delivered + self.lost

    @property
    def wanted(self) -> int:
        """What was not cancelled."""
        return self.ordered - self.cancelled

    def after(self, move: Move, pieces: int) -> "Quantities":
        """Raises `Impossible` when there are fewer than *pieces* to move."""
        if pieces < 0:
            raise Impossible("pieces do not move backwards")
        sources, target = MOVES[move]
        moved, left = {target: getattr(self, target) + pieces}, pieces
        for source in sources:
            there = getattr(self, source)
            moved[source] = there - min(there, left)
            left -= min(there, left)
        if left:
            raise Impossible(f"{move}: {pieces} pieces, and there are {pieces - left} to {move}")
        return replace(self, **moved)


def fulfilment_status(lines: Sequence[Quantities]) -> FulfilmentStatus:
    """Of the pieces that were not cancelled, the furthest step that some or all of them have taken."""
    wanted = sum(line.wanted for line in lines)
    if not wanted:
        return "cancelled"
    delivered, shipped = sum(line.delivered for line in lines), sum(line.shipped for line in lines)
    if delivered:
        return "delivered" if delivered == wanted else "partially_delivered"
    if shipped:
        return "shipped" if shipped == wanted else "partially_shipped"
    if released := sum(line.released + line.picked for line in lines):
        return "released" if released == wanted else "partially_released"
    return "backordered" if any(line.backordered for line in lines) else "unfulfilled"
