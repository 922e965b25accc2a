"""What becomes of pieces that cannot be had now, as the order wishes: they wait, are cancelled, or it is refused."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from gateway.domain.orders import Order
from gateway.domain.sourcing import Decision
from gateway.domain.sourcing_terms import Site, Take, Task
from gateway.store import backorders, order_lines
from gateway.store.pool import Connection
from gateway.workflows.saga import Around

# What no goods that arrive would change about a node.
_FOR_GOOD = frozenset({"has_said_no", "type_not_allowed", "lacks_capability", "does_not_ship_there"})

_SENTENCES = {
    "unknown_sku": "nobody stocks it",
    "insufficient_stock": "there was not enough of it",
    "no_fulfilment_option": "no place that has it could serve the order, or not in so few parts",
}
SHORT = frozenset(_SENTENCES)  # the codes of lines that were cut short because not all of them could be had


def left_by(sites: Sequence[Site], older: Mapping[str, int]) -> list[Site]:
    """The nodes with what is left once *older* orders have had so many pieces of each SKU, wherever these lie: they are
    taken off node by node, since nobody knows yet from where those will be served."""
    owed, left = dict(older), list[Site]()
    for site in sites:
        shelves = dict(site.shelves)
        for sku, shelf in site.shelves.items():
            if shelf.confident and (kept := min(owed.get(sku, 0), max(0, shelf.available))):
                owed[sku] -= kept
                shelves[sku] = replace(shelf, available=shelf.available - kept)
        left.append(replace(site, shelves=shelves))
    return left


@dataclass(frozen=True, slots=True)
class Rest:
    """Pieces by line that a decision gives to nobody, and what it was made of."""

    pieces: Mapping[str, int]
    task: Task
    sites: Sequence[Site]
    decision: Decision

    @property
    def is_all(self) -> bool:
        return sum(self.pieces.values()) == sum(want.quantity for want in self.task.wants)

    def task_of(self, lines: Set[str]) -> Task:
        return replace(self.task, wants=tuple(want for want in self.task.wants if want.line_id in lines))

    def lines_in_vain(self) -> frozenset[str]:
        """Those of which no goods that arrive could ever be sent there."""
        able = [site for site in self.sites if self.decision.left_out.get(site.node_id) not in _FOR_GOOD]
        within_reach = {sku for site in able for sku in site.shelves}
        return frozenset(want.line_id for want in self.task.wants if want.sku not in within_reach) & set(self.pieces)

    def by_reason(self, pieces: Mapping[str, int]) -> Mapping[str, Mapping[str, int]]:
        """So many pieces of lines, by the code of why they cannot be had."""
        wanted, there = dict[str, int](), dict[str, int]()
        for want in self.task.wants:
            wanted[want.sku] = wanted.get(want.sku, 0) + want.quantity
        for site in self.sites:
            for sku, shelf in site.shelves.items():
                there[sku] = there.get(sku, 0) + max(0, shelf.available)
        found: dict[str, dict[str, int]] = {}
        for want in self.task.wants:
            if want.line_id in pieces:
                short = "insufficient_stock" if there.get(want.sku, 0) < wanted[want.sku] else "no_fulfilment_option"
                code = short if want.sku in there else "unknown_sku"
                found.setdefault(code, {})[want.line_id] = pieces[want.line_id]
        return found


def rest_of(task: Task, sites: Sequence[Site], decision: Decision, takes: Sequence[Take]) -> Rest:
    taken = dict[str, int]()
    for take in takes:
        taken[take.line_id] = taken.get(take.line_id, 0) + take.quantity
    left = {want.line_id: want.quantity - taken.get(want.line_id, 0) for want in task.wants}
    return Rest({line_id: pieces for line_id, pieces in left.items() if pieces}, task, sites, decision)


async def leave(connection: Connection, order: Order, rest: Rest, around: Around) -> None:
    """Cancel what the order does not wait for, its line says why; the rest of what is open waits."""
    cancelled = rest.pieces
    if order.when_short == "backorder":
        lines = await order_lines.standing(connection, order.order_id)
        vain = rest.lines_in_vain()
        cancelled = {line_id: lines[line_id].open for line_id in vain if lines[line_id].open}
        waits = {line_id: lines[line_id].open for line_id in rest.pieces if line_id not in vain and lines[line_id].open}
        if waits:
            await order_lines.move(connection, order.order_id, ("backorder",), waits)
            await backorders.tell(connection, order.order_id, order.group.group_id, around.by)
    for code, pieces in rest.by_reason(cancelled).items():
        told = {"code": code, "detail": _SENTENCES[code]}
        await order_lines.move(connection, order.order_id, ("cancel",), pieces, reason=told)
