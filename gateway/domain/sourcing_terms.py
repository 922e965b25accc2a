"""What a plan to serve an order is made of, and what each part of it is worth: a sum of money terms, in minor units."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WHOLE = 10_000  # probabilities are parts of it


@dataclass(frozen=True, slots=True)
class Odds:
    """How often something happened of how many times: the posterior mean of a Beta-Binomial with *before* behind it."""

    happened: int
    times: int
    before: tuple[int, int] = (1, 19)  # as if it had happened so often, and not happened so often

    @property
    def parts(self) -> int:
        """Of 10,000, rounded down."""
        happened, not_happened = self.before
        return WHOLE * (self.happened + happened) // (self.times + happened + not_happened)


@dataclass(frozen=True, slots=True)
class Want:
    """So many pieces, each worth so much without tax."""

    line_id: str
    sku: str
    quantity: int
    value: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """What may be promised of a SKU at a node, what a piece has cost there, and how many are kept for who comes by."""

    available: int
    cost: int = 0
    age_days: int = 0
    kept: int = 0
    confident: bool = True


@dataclass(frozen=True, slots=True)
class Lane:
    """From a node to where the order goes: what a shipment costs and a piece more, days on the way, how often late."""

    shipment: int
    piece: int = 0
    days: int = 1
    late: Odds = Odds(0, 0)


@dataclass(frozen=True, slots=True)
class Site:
    """A node, as far as this order is concerned."""

    node_id: str
    type: str
    ready_at: datetime  # what is released now leaves then
    shelves: Mapping[str, Shelf]
    lane: Lane | None  # None: it does not ship there
    handling: tuple[int, int] = (0, 0)  # a shipment, and a piece more
    capacity: int | None = None  # shipments a day; None: as many as come
    taken: int = 0
    capabilities: frozenset[str] = frozenset()
    declines: Odds = Odds(0, 0)
    priority: int = 100  # of equals, the one with the smallest
    opens_at: datetime | None = None  # the first moment at which somebody can work there; None: any


@dataclass(frozen=True, slots=True)
class Task:
    wants: tuple[Want, ...]
    deliver_by: datetime | None  # None: nothing was promised
    strictly: bool = False  # not later than that, whatever it costs
    needs: frozenset[str] = frozenset()
    types: frozenset[str] | None = None  # None: any
    without: frozenset[str] = frozenset()  # nodes that have said no


@dataclass(frozen=True, slots=True)
class Weights:
    """What the retailer finds worth how much: `policies/sourcing.yaml`."""

    most_shipments: int = 3
    split: int = 300  # a shipment beyond the first
    split_value: int = 0  # lines worth less are not divided among nodes
    late: int = 1_000
    reroute: int = 800
    congestion: int = 400  # at a node that is full, falling with the square of its load
    carry_percent: int = 20  # of a piece's cost, a year
    ageing_most: int = 500  # a piece
    depletion: int = 150  # a piece that is kept for who comes by
    unfilled: int = 1_500  # a piece, besides what it is worth


@dataclass(frozen=True, slots=True)
class Take:
    node_id: str
    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Term:
    name: str
    node_id: str | None
    amount: int


@dataclass(frozen=True, slots=True)
class Plan:
    takes: tuple[Take, ...]
    terms: tuple[Term, ...]
    arrives_at: datetime | None  # of the last shipment
    unfilled: int  # pieces

    @property
    def score(self) -> int:
        return sum(term.amount for term in self.terms)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(sorted({take.node_id for take in self.takes}))


def priced(task: Task, chosen: Sequence[Site], takes: tuple[Take, ...], weights: Weights) -> Plan:
    """The plan with every reason for and against it."""
    wanted = sum(want.quantity for want in task.wants)
    unfilled = wanted - sum(take.quantity for take in takes)
    terms = [Term("goods", None, _goods(task, takes))]
    for site in chosen:
        here = [take for take in takes if take.node_id == site.node_id]
        terms += [Term(name, site.node_id, amount) for name, amount in _of_shipment(task, site, here, weights)]
    terms += [
        Term("split", None, -weights.split * max(0, len(chosen) - 1)),
        Term("unfilled", None, -weights.unfilled * unfilled),
    ]
    arrivals = [arrival(site) for site in chosen]
    return Plan(takes, tuple(term for term in terms if term.amount), max(arrivals, default=None), unfilled)


def _goods(task: Task, takes: Sequence[Take]) -> int:
    values = {want.line_id: want.value for want in task.wants}
    return sum(values[take.line_id] * take.quantity for take in takes)


def _of_shipment(task: Task, site: Site, takes: Sequence[Take], weights: Weights) -> Iterator[tuple[str, int]]:
    assert site.lane is not None, "it would have been left out"
    pieces, shelves = sum(take.quantity for take in takes), [(take, site.shelves[take.sku]) for take in takes]
    yield "cost_of_goods", -sum(shelf.cost * take.quantity for take, shelf in shelves)
    yield "carrier", -(site.lane.shipment + site.lane.piece * pieces)
    yield "handling", -(site.handling[0] + site.handling[1] * pieces)
    misses = task.deliver_by is not None and arrival(site) > task.deliver_by
    late = WHOLE if misses else site.lane.late.parts
    yield "late", -(weights.late * late // WHOLE)
    yield "declined", -(weights.reroute * site.declines.parts // WHOLE)
    if site.capacity:
        yield "congestion", -(weights.congestion * site.taken**2 // site.capacity**2)
    yield "ageing", sum(ageing(shelf, weights) * take.quantity for take, shelf in shelves)
    yield "depletion", -weights.depletion * _depleted(site, takes)


def ageing(shelf: Shelf, weights: Weights) -> int:
    """What it is worth that a piece does not lie there any longer."""
    return min(weights.ageing_most, shelf.cost * weights.carry_percent * shelf.age_days // 36_500)


def _depleted(site: Site, takes: Sequence[Take]) -> int:
    """Pieces that are taken of those that are kept for who comes by."""
    by_sku: dict[str, int] = {}
    for take in takes:
        by_sku[take.sku] = by_sku.get(take.sku, 0) + take.quantity
    return sum(
        max(0, pieces - max(0, site.shelves[sku].available - site.shelves[sku].kept)) for sku, pieces in by_sku.items()
    )


def arrival(site: Site) -> datetime:
    """When what is released now is there."""
    assert site.lane is not None, "it would have been left out"
    return site.ready_at + timedelta(days=site.lane.days)
