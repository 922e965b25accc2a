"""
Sourcing: from which nodes an order is served. Every reason is money, and a plan's score is their sum, so that the
explanation is the arithmetic.

Plans are all choices of a few nodes out of eight at most, each line taken from where its pieces are worth most. Of more
nodes, eight are looked at: those that alone could serve most of it, at the least cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from gateway.domain.sourcing_terms import Plan, Site, Take, Task, Term, Want, Weights, ageing, arrival, priced

LOOKED_AT = 8  # nodes


@dataclass(frozen=True, slots=True)
class Flip:
    """The smallest change of one amount, in proportion to it, with which the runner-up would have been chosen."""

    of: Literal["plan", "runner_up"]
    term: Term
    becomes: int


@dataclass(frozen=True, slots=True)
class Decision:
    plan: Plan
    runner_up: Plan | None
    left_out: Mapping[str, str]  # node -> why it could not be
    flip: Flip | None


def decide(task: Task, sites: Sequence[Site], weights: Weights) -> Decision:
    """The plan of the highest score; of equals the earliest, then of fewest shipments, from the first, idlest nodes."""
    reasons = {site.node_id: reason for site in sites if (reason := _left_out(task, site))}
    fit = [site for site in sites if site.node_id not in reasons]
    plans = sorted(_plans(task, _shortlist(task, fit), weights), key=lambda plan: _rank(plan, fit))
    best, second = plans[0], plans[1] if len(plans) > 1 else None
    return Decision(best, second, reasons, _flip(best, second) if second else None)


def _left_out(task: Task, site: Site) -> str | None:
    """The first hard reason against a node."""
    skus = {want.sku for want in task.wants}
    stocked = [shelf for sku, shelf in site.shelves.items() if sku in skus and shelf.available > 0]
    reasons = (
        ("has_said_no", site.node_id in task.without),
        ("type_not_allowed", task.types is not None and site.type not in task.types),
        ("lacks_capability", not task.needs <= site.capabilities),
        ("does_not_ship_there", site.lane is None),
        ("too_late", _too_late(task, site)),
        ("full", site.capacity is not None and site.taken >= site.capacity),
        ("not_stocked", not stocked),
        ("stock_not_trusted", bool(stocked) and not any(shelf.confident for shelf in stocked)),
    )
    return next((reason for reason, against in reasons if against), None)


def _too_late(task: Task, site: Site) -> bool:
    due = task.deliver_by if task.strictly and site.lane is not None else None
    return due is not None and arrival(site) > due


def _shortlist(task: Task, sites: Sequence[Site]) -> list[Site]:
    def alone(site: Site) -> tuple[int, int, str]:
        can = sum(min(want.quantity, _promised(site, want.sku)) for want in task.wants)
        assert site.lane is not None, "it would have been left out"
        return -can, site.lane.shipment + site.handling[0], site.node_id

    return sorted(sites, key=alone)[:LOOKED_AT]


def _promised(site: Site, sku: str) -> int:
    shelf = site.shelves.get(sku)
    return max(0, shelf.available) if shelf is not None and shelf.confident else 0


def _plans(task: Task, sites: Sequence[Site], weights: Weights) -> Iterator[Plan]:
    """Serving nobody is a plan, too, so that there always is one."""
    for count in range(min(weights.most_shipments, len(sites)) + 1):
        for chosen in combinations(sites, count):
            takes = tuple(_taken(task, chosen, weights))
            if len({take.node_id for take in takes}) == count:  # otherwise it is the plan of fewer
                yield priced(task, chosen, takes, weights)


def _taken(task: Task, chosen: Sequence[Site], weights: Weights) -> Iterator[Take]:
    """Each line's pieces from where they are worth most; all from one node, or none, if they are worth little."""
    left = {(site.node_id, want.sku): _promised(site, want.sku) for site in chosen for want in task.wants}
    for want in sorted(task.wants, key=lambda want: -want.value):  # if it is not enough for all, for the dearest
        if want.quantity * want.value < weights.split_value:
            shares = [_share(want, [site], left, weights) for site in chosen]
            whole = [share for share in shares if sum(share.pieces.values()) == want.quantity]
            share = max(whole, key=lambda share: share.worth, default=_NOTHING)
        else:
            share = _share(want, chosen, left, weights)
        for node, count in share.pieces.items():
            left[node, want.sku] -= count
            yield Take(node, want.line_id, want.sku, count)


@dataclass(frozen=True, slots=True)
class _Share:
    """How many pieces of a line from which node, and what that is worth more than nothing."""

    pieces: Mapping[str, int]
    worth: int


_NOTHING = _Share({}, 0)


def _share(want: Want, sites: Sequence[Site], left: Mapping[tuple[str, str], int], weights: Weights) -> _Share:
    wanted, pieces, total = want.quantity, dict[str, int](), 0
    for worth, node, most in sorted(_offers(want, sites, left, weights), key=lambda offer: (-offer[0], offer[1])):
        if taken := min(wanted, most):
            pieces[node] = pieces.get(node, 0) + taken
            wanted -= taken
            total += worth * taken
    return _Share(pieces, total)


def _offers(
    want: Want, sites: Sequence[Site], left: Mapping[tuple[str, str], int], weights: Weights
) -> Iterator[tuple[int, str, int]]:
    """What a piece is worth more than none, where, and how many of them; those kept for who comes by are worth less."""
    for site in sites:
        there = left[site.node_id, want.sku]
        if there and site.lane is not None:
            shelf = site.shelves[want.sku]
            spared = ageing(shelf, weights) - shelf.cost - site.lane.piece - site.handling[1]
            worth = want.value + weights.unfilled + spared
            free = max(0, there - shelf.kept)
            yield from (
                (each, site.node_id, most)
                for each, most in ((worth, free), (worth - weights.depletion, there - free))
                if each >= 0
            )


def _rank(plan: Plan, sites: Sequence[Site]) -> tuple[int, float, int, int, int, tuple[str, ...]]:
    used = [site for site in sites if site.node_id in plan.nodes]
    arrives = plan.arrives_at.timestamp() if plan.arrives_at else 0.0
    priority, load = sum(site.priority for site in used), sum(site.taken for site in used)
    return -plan.score, arrives, len(plan.nodes), priority, load, plan.nodes


def _flip(best: Plan, second: Plan) -> Flip | None:
    """Of all amounts that alone could turn it, the one that would have to change least of itself."""
    more = best.score - second.score + 1
    turned = [Flip("plan", term, term.amount - more) for term in _alone(best, second)]
    turned += [Flip("runner_up", term, term.amount + more) for term in _alone(second, best)]
    return min(turned, key=lambda flip: (more / abs(flip.term.amount), flip.term.name), default=None)


def _alone(plan: Plan, other: Plan) -> list[Term]:
    """What speaks for or against this plan and not as much the other; what goods are worth is nobody's to change."""
    return [term for term in plan.terms if term not in other.terms and term.name != "goods"]
