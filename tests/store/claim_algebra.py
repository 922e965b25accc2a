"""The claim algebra of one place in a few lines of its own: what the SQL is compared with, and the truth judges."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Semantics = Literal["physical", "net_of_orders"]


@dataclass(slots=True)
class View:
    quantity: int
    as_of: datetime


@dataclass(slots=True)
class Line:
    quantity: int
    left_at: datetime | None = None
    taken_in: datetime | None = None  # by the net source
    released: bool = False


@dataclass(slots=True)
class Algebra:
    """What two sources say of a place, and what is promised of it; *truth* is whose word counts."""

    truth: str
    semantics: dict[str, Semantics]
    views: dict[str, View] = field(default_factory=dict)
    facts: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)  # those that are not ours
    lines: dict[str, Line] = field(default_factory=dict)

    def count(self, source: str, quantity: int, as_of: datetime) -> None:
        if source not in self.views or self.views[source].as_of < as_of:
            self.views[source] = View(quantity, as_of)

    def tell(self, source: str, fact: str, delta: int, at: datetime) -> None:
        self.facts.setdefault((source, fact), (delta, at))

    def reserve(self, order: str, quantity: int) -> bool:
        if order not in self.lines and self.available() >= quantity:
            self.lines[order] = Line(quantity)
        return order in self.lines

    def release(self, order: str) -> None:
        if self.lines[order].left_at is None:
            self.lines[order].released = True

    def leaves(self, order: str, at: datetime) -> None:
        line = self.lines[order]
        if line.left_at is None and not line.released:
            line.left_at = at

    def acknowledge(self, order: str, at: datetime) -> None:
        line = self.lines[order]
        if line.taken_in is None and not line.released:
            line.taken_in = at

    def available(self) -> int:
        view = self.views[self.truth]
        moved = sum(delta for (source, _), (delta, at) in self.facts.items() if self.applies(source, delta, at))
        return view.quantity + moved - sum(line.quantity for line in self.lines.values() if self.is_claim(line))

    def applies(self, source: str, delta: int, at: datetime) -> bool:
        as_of = self.views[self.truth].as_of
        return source == self.truth and (at > as_of or (delta < 0 and at == as_of))

    def is_claim(self, line: Line) -> bool:
        return not line.released and not self.contains(line)

    def contains(self, line: Line) -> bool:
        since = line.left_at if self.semantics[self.truth] == "physical" else line.taken_in
        return since is not None and since < self.views[self.truth].as_of
