"""Reservations: what is asked for, from which nodes it is taken, and what is open of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gateway.domain.intake import Breach

Kind = Literal["soft", "firm", "pinned"]
State = Literal["active", "consumed", "released", "expired"]
Lacking = Literal["sku_not_stocked", "node_not_sellable", "insufficient_stock"]

Place = tuple[str, str, str]  # a SKU in upper case, a node, a condition


@dataclass(frozen=True, slots=True)
class Holder:
    """For what it is reserved; *attempt* tells one reservation for it from the next."""

    type: str
    id: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """What is asked for; without a node it may be taken from any that sells."""

    line_id: str
    sku: str
    quantity: int
    node_id: str | None = None
    condition: str = "new"


@dataclass(frozen=True, slots=True)
class Wish:
    """A reservation as it is asked for: all of it, or what there is when *partial* will do."""

    kind: Kind
    holder: Holder
    lines: tuple[Line, ...]
    lasts: timedelta | None = None  # of a soft one
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Stock:
    """What may be promised at a place."""

    available: int | None  # None: the SKU is not stocked there
    sells: bool  # the node does
    priority: int = 100


@dataclass(frozen=True, slots=True)
class Take:
    """So much of the line with this index from this node."""

    index: int
    node_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Lack:
    """The line with this index cannot be had whole: *available* is what is there for it."""

    index: int
    wanted: int
    available: int
    code: Lacking


@dataclass(frozen=True, slots=True)
class Allocation:
    takes: tuple[Take, ...]
    lacks: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A line as it is held; what was asked for as one may be held at several nodes."""

    number: int
    line_id: str
    sku: str
    node_id: str
    condition: str
    quantity: int
    consumed: int = 0
    released: int = 0

    @property
    def open(self) -> int:
        return self.quantity - self.consumed - self.released


@dataclass(frozen=True, slots=True)
class Reservation:
    reservation_id: str
    kind: Kind
    holder: Holder
    state: State
    version: int
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    lines: tuple[Held, ...]


def breaches(wish: Wish) -> Iterator[Breach]:
    """What no contract can say: a pinned reservation names its nodes, only a soft one ends, lines have names."""
    if wish.kind != "soft" and wish.lasts is not None:
        yield Breach("#/ttl_seconds", "not_soft", "only a soft reservation ends by itself")
    seen: set[str] = set()
    for index, line in enumerate(wish.lines):
        if line.line_id in seen:
            yield Breach(f"#/lines/{index}/line_id", "duplicate", "another line has this line_id")
        if wish.kind == "pinned" and line.node_id is None:
            yield Breach(f"#/lines/{index}", "missing", "a pinned reservation names the node of every line: node_id")
        seen.add(line.line_id)


def allocate(lines: Sequence[Line], stock: Mapping[Place, Stock]) -> Allocation:
    """Lines with a node first, since they have no choice. One node that can serve a pooled line whole is preferred,
    by priority; else it is split. What one line takes is not there for the next, so demand is summed."""
    free = {place: max(0, s.available) for place, s in stock.items() if s.sells and s.available is not None}
    taken: dict[int, list[Take]] = {}
    for index in sorted(range(len(lines)), key=lambda index: lines[index].node_id is None):
        taken[index] = list(_take(index, lines[index], free, stock))
    takes = tuple(take for index in range(len(lines)) for take in taken[index])
    lacks = (_lack(index, line, taken[index], stock) for index, line in enumerate(lines))
    return Allocation(takes, tuple(lack for lack in lacks if lack is not None))


def _take(index: int, line: Line, free: dict[Place, int], stock: Mapping[Place, Stock]) -> Iterator[Take]:
    places = sorted(_places(line, free), key=lambda place: (stock[place].priority, place))
    whole = [place for place in places if free[place] >= line.quantity][:1]
    left = line.quantity
    for place in whole or places:
        if pieces := min(left, free[place]):
            free[place] -= pieces
            left -= pieces
            yield Take(index, place[1], pieces)


def _places(line: Line, among: Iterable[Place]) -> list[Place]:
    """Where the line may be taken from."""
    return [
        (sku, node, condition)
        for sku, node, condition in among
        if (sku, condition) == (line.sku, line.condition) and line.node_id in (None, node)
    ]


def _lack(index: int, line: Line, taken: Sequence[Take], stock: Mapping[Place, Stock]) -> Lack | None:
    got = sum(take.quantity for take in taken)
    if got == line.quantity:
        return None
    there = [stock[place] for place in _places(line, stock)]
    selling = [s for s in there if s.sells]
    code: Lacking = "sku_not_stocked"
    if any(s.available is not None for s in selling):
        code = "insufficient_stock"
    elif there and not selling:
        code = "node_not_sellable"
    return Lack(index, line.quantity, got, code)


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a line that is held, wherever it is or at one node; without a quantity all that is open."""

    line_id: str
    quantity: int | None = None
    node_id: str | None = None


def moves(held: Sequence[Held], parts: Sequence[Part], *, last_first: bool) -> tuple[dict[int, int], list[Breach]]:
    """Pieces by the number of the held line, and what is asked beyond what is open. No parts: all that is open."""
    left = {line.number: line.open for line in held}
    moved: dict[int, int] = {}
    faults = []
    for index, part in enumerate(parts or [Part(line_id) for line_id in dict.fromkeys(line.line_id for line in held)]):
        own = [line.number for line in held if part.line_id == line.line_id and part.node_id in (None, line.node_id)]
        if not own:
            faults.append(Breach(f"#/lines/{index}/line_id", "unknown_line", "the reservation has no such line there"))
        there = sum(left[number] for number in own)
        wanted = there if part.quantity is None else part.quantity
        if own and wanted > there:
            faults.append(Breach(f"#/lines/{index}/quantity", "more_than_open", f"{there} are open"))
        for number in reversed(own) if last_first else own:
            if pieces := min(wanted, left[number]):
                moved[number] = moved.get(number, 0) + pieces
                left[number] -= pieces
                wanted -= pieces
    return moved, faults


def until(reservation: Reservation, *, now: datetime, lasts: timedelta, most: timedelta) -> datetime:
    """When an extended reservation ends: never sooner than it would have, never later than *most* after it was made."""
    assert reservation.expires_at is not None, "only a soft one is extended"
    return max(reservation.expires_at, min(now + lasts, reservation.created_at + most))
