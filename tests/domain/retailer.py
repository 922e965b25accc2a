"""A retailer that never was: nodes on a map, orders, and what serving them really costs under a rule."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from math import dist

from gateway.domain.sourcing import decide
from gateway.domain.sourcing_terms import Lane, Odds, Shelf, Site, Take, Task, Want, Weights

OPENS = datetime(2026, 11, 28, 9, tzinfo=UTC)
SKUS = tuple(f"SKU-{number}" for number in range(24))
LATE, REROUTED = 900, 700  # minor units that either really costs
SEEN = 200  # shipments of the past that the odds are of

Point = tuple[float, float]
Rule = Callable[[Task, Sequence[Site], Mapping[str, float]], Sequence[Take]]


@dataclass(slots=True)
class Node:
    """What is true of a node, whether anybody knows it or not."""

    name: str
    type: str
    at: Point
    stock: dict[str, int]
    late: float
    declines: float
    handling: tuple[int, int]
    capacity: int
    taken: int = 0


@dataclass(slots=True)
class Bill:
    costs: int = 0
    orders: int = 0
    kept: int = 0  # all of it, when it was promised
    pieces_missing: int = 0


@dataclass(slots=True)
class Retailer:
    seed: int
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice = random.Random(f"nodes {self.seed}")
        for number in range(8):
            dc = number < 2
            self.nodes.append(
                Node(
                    name=f"{'dc' if dc else 'store'}-{number}",
                    type="dc" if dc else "store",
                    at=(dice.uniform(0, 100), dice.uniform(0, 100)),
                    stock={sku: dice.randint(40, 90) if dc else dice.randint(0, 25) for sku in SKUS},
                    late=dice.uniform(0.01, 0.25),
                    declines=0.0 if dc else dice.uniform(0.02, 0.35),
                    handling=(60, 15) if dc else (180, 45),
                    capacity=200 if dc else 25,
                )
            )

    def orders(self, count: int) -> Iterator[tuple[Point, Task]]:
        dice = random.Random(f"orders {self.seed}")
        for _ in range(count):
            skus = dice.sample(SKUS, dice.choice((1, 1, 2, 3)))
            wants = (Want(sku, sku, dice.choice((1, 1, 1, 2)), dice.randint(800, 6_000)) for sku in skus)
            promised = OPENS + timedelta(days=dice.choice((1, 2, 3, 3)))
            yield (dice.uniform(0, 100), dice.uniform(0, 100)), Task(tuple(wants), promised)

    def site(self, node: Node, to: Point) -> Site:
        """As the retailer sees the node: the past's frequencies for what is really likely."""
        far = dist(node.at, to)
        lane = Lane(
            int(250 + 6 * far),
            piece=20,
            days=1 if far < 40 else 2 if far < 80 else 3,
            late=self._seen(node, node.late, "late"),
        )
        return Site(
            *(node.name, node.type, OPENS),
            shelves={sku: Shelf(pieces) for sku, pieces in node.stock.items()},
            lane=lane,
            handling=node.handling,
            capacity=node.capacity,
            taken=node.taken,
            declines=self._seen(node, node.declines, "declines"),
        )

    def _seen(self, node: Node, likely: float, what: str) -> Odds:
        dice = random.Random(f"{self.seed} {node.name} {what}")
        return Odds(sum(dice.random() < likely for _ in range(SEEN)), SEEN)


@cache
def saturdays(seed: int, count: int, rule: Rule) -> Bill:
    """*count* orders, one after the other, by the *rule*; luck is the same for every rule."""
    retailer, bill = Retailer(seed), Bill()
    for number, (to, task) in enumerate(retailer.orders(count)):
        sites = [retailer.site(node, to) for node in retailer.nodes]
        far = {node.name: dist(node.at, to) for node in retailer.nodes}
        takes = rule(task, sites, far)
        _serve(retailer, bill, task, {site.node_id: site for site in sites}, takes, number)
    return bill


def _serve(
    retailer: Retailer, bill: Bill, task: Task, sites: Mapping[str, Site], takes: Sequence[Take], number: int
) -> None:
    nodes = {node.name: node for node in retailer.nodes}
    on_time = True
    for name in {take.node_id for take in takes}:
        node, site, luck = nodes[name], sites[name], random.Random(f"{retailer.seed} {number} {name}")
        assert site.lane is not None
        pieces = sum(take.quantity for take in takes if take.node_id == name)
        late = luck.random() < node.late or site.ready_at + timedelta(days=site.lane.days) > task.deliver_by
        declined = luck.random() < node.declines
        node.taken += 1
        bill.costs += site.lane.shipment + site.lane.piece * pieces + site.handling[0] + site.handling[1] * pieces
        bill.costs += LATE * late + REROUTED * declined
        on_time = on_time and not late and not declined
    for take in takes:
        nodes[take.node_id].stock[take.sku] -= take.quantity
        assert nodes[take.node_id].stock[take.sku] >= 0, "sold what is not there"
    missing = sum(want.quantity for want in task.wants) - sum(take.quantity for take in takes)
    bill.orders += 1
    bill.pieces_missing += missing
    bill.kept += on_time and not missing


def ours(task: Task, sites: Sequence[Site], far: Mapping[str, float]) -> Sequence[Take]:
    return decide(task, sites, Weights(late=LATE, reroute=REROUTED, split=100)).plan.takes


def nearest(task: Task, sites: Sequence[Site], far: Mapping[str, float]) -> Sequence[Take]:
    return _in_order(task, sorted(sites, key=lambda site: far[site.node_id]))


def highest_stock(task: Task, sites: Sequence[Site], far: Mapping[str, float]) -> Sequence[Take]:
    skus = [want.sku for want in task.wants]
    return _in_order(task, sorted(sites, key=lambda site: -sum(site.shelves[sku].available for sku in skus)))


def _in_order(task: Task, sites: Sequence[Site]) -> list[Take]:
    """The first that has all of it, or else a piece here and a piece there."""
    open_ = [site for site in sites if site.capacity is None or site.taken < site.capacity]
    for site in open_:
        if all(site.shelves[want.sku].available >= want.quantity for want in task.wants):
            return [Take(site.node_id, want.line_id, want.sku, want.quantity) for want in task.wants]
    takes = []
    for want in task.wants:
        wanted = want.quantity
        for site in open_:
            if taken := min(wanted, site.shelves[want.sku].available):
                takes.append(Take(site.node_id, want.line_id, want.sku, taken))
                wanted -= taken
    return takes
