"""Where an order is served from: decided, reserved and planned as fulfilments in one commit, so all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.delivery import DeliveryMethod, due_at
from gateway.domain.fulfilments import GONE, WITHOUT_PIECES, Executor, Fulfilment, FulfilmentStatus
from gateway.domain.identifiers import Mint
from gateway.domain.orders import Order
from gateway.domain.shares import Block, Share, free_blocks, share_of
from gateway.domain.sourcing import Decision, decide
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.domain.sourcing_terms import Lane, Odds, Site, Take, Task, Want, Weights
from gateway.store import backorders, delivery_promises, fulfilments, order_lines, payments, sourcing, stock
from gateway.store.fulfilments import Circumstances
from gateway.store.pool import Connection
from gateway.workflows.backorders import Rest, leave, left_by, rest_of
from gateway.workflows.saga import Around, Case, Refusal

MOST_PARTS = 20  # of one delivery group, those that came to nothing included
_MOST_TOLD = 10
_FETCHED = Lane(0, days=0, late=Odds(0, 0, before=(0, 1)))  # the customer comes for it


@dataclass(frozen=True, slots=True)
class Way:
    """How pieces reach the customer, and from which nodes they may come; None: from any."""

    method: DeliveryMethod
    nodes: frozenset[str] | None = None
    types: frozenset[str] | None = None
    strictly: bool = False  # as promised or not at all


def promised(order: Order) -> Way:
    store = order.group.pickup_node
    return Way(order.group.method, frozenset({store}) if store is not None else None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was decided about."""

    way: Way
    task: Task
    sites: Sequence[Site]
    weights: Weights
    parts: Sequence[Fulfilment]  # of before
    others: Sequence[Fulfilment]  # of the order's other delivery groups


@dataclass(frozen=True, slots=True)
class Sourcing:
    """How the retailer sources. *in_parts*: the payment provider takes what it holds in as many parts as there are;
    *stores*: there is somebody who asks stores; *carrier*: and one who takes what they send."""

    policy: SourcingPolicy
    mint: Mint
    in_parts: bool = True
    stores: bool = False
    carrier: bool = False

    async def plan(self, connection: Connection, case: Case, around: Around, way: Way | None = None) -> Refusal | None:
        """Give what is open or waits for goods of a delivery group, the case's, to executors: new fulfilments that hold
        stock at their nodes. What cannot be had fares as the order wishes; or say why it goes without any of it."""
        order = case.order
        asked = await self.asked(connection, case, around.now, way or promised(order))
        if isinstance(asked, Refusal):
            return asked
        if not asked.task.wants:
            return None
        decision = decide(asked.task, asked.sites, asked.weights)
        takes = decision.plan.takes if self.may_go(order, decision) else ()
        rest = rest_of(asked.task, asked.sites, decision, takes)
        if (refused := _refused(order, rest, first=not asked.parts)) is not None:
            return refused
        if takes:
            await self.give(connection, case, around, asked, decision)
            await self._promise(connection, order, rest, asked, around.now)
        await leave(connection, order, rest, around)
        return None

    async def asked(self, connection: Connection, case: Case, now: datetime, way: Way) -> Asked | Refusal:
        """What there is to decide about the open pieces; the positions stay locked until the commit."""
        order = case.order
        every = await fulfilments.of_order(connection, order.order_id)
        parts = [part for part in every if part.group_id == order.group.group_id]
        if len(parts) >= MOST_PARTS:
            return Refusal("no_fulfilment_option", f"{MOST_PARTS} fulfilments were tried")
        if way.method != "ship_to_home" and not self.stores:
            return Refusal("no_fulfilment_option", "no store can be asked here")
        without = _said_no(parts) if way.method == "ship_to_home" else frozenset(part.node_id for part in parts)
        wanted = tuple(wants(order, await _wanted(connection, order.order_id)))
        due = await delivery_promises.due(connection, order)
        task = Task(wanted, due, strictly=way.strictly, without=without, types=way.types)
        most = min(self._most_shipments(order, parts), 1 if way.method != "ship_to_home" else MOST_PARTS)
        sites = await self._sites(connection, case, task, way, now)
        others = [part for part in every if part not in parts]
        return Asked(way, task, sites, replace(self.policy.weights, most_shipments=most), parts, others)

    async def _sites(self, connection: Connection, case: Case, task: Task, way: Way, now: datetime) -> list[Site]:
        """With what orders that wait and were received before have left of the goods."""
        skus = list(dict.fromkeys(want.sku for want in task.wants))
        to = case.ship_to.country if case.ship_to else None
        sites = await sourcing.sites_for(connection, skus, to, self.policy, now=now)
        sites = left_by(sites, await backorders.of_older_orders(connection, case.order.order_id, skus))
        sites = [site for site in sites if way.nodes is None or site.node_id in way.nodes]
        if way.method == "ship_to_home":
            return sites
        picks = timedelta(minutes=self.policy.pickup.accept_minutes + self.policy.pickup.ready_minutes)
        return [replace(site, lane=_FETCHED, ready_at=(site.opens_at or now) + picks) for site in sites]

    async def _promise(self, connection: Connection, order: Order, rest: Rest, asked: Asked, now: datetime) -> None:
        """The first time that all is served which does not go without: nobody has promised that before, so it is."""
        arrives = rest.decision.plan.arrives_at
        waits = order.when_short == "backorder" and rest.pieces
        if arrives is not None and asked.task.deliver_by is None and not asked.parts and not waits:
            await delivery_promises.make(connection, order, due_at(asked.way.method, arrives), now=now)

    async def give(self, connection: Connection, case: Case, around: Around, asked: Asked, decision: Decision) -> None:
        """Carry the decision out: it is kept, and each node of its plan takes its part on."""
        order, decision_id = case.order, self.mint("dec")
        told = (asked.task, asked.sites, asked.weights)
        await sourcing.keep_decision(connection, decision_id, order.order_id, told, decision, now=around.now)
        why = Circumstances(decision_id, around.by.trace_id, around.now)
        for part in self._parts(order, [*asked.parts, *asked.others], asked, decision.plan.takes, around.now):
            await self._take_on(connection, order, part, why)

    def _most_shipments(self, order: Order, parts: Sequence[Fulfilment]) -> int:
        """How many more it may go in. Of an order that waits for goods, those that have left do not count."""
        if not self.in_parts:
            return 0 if any(part.status not in WITHOUT_PIECES for part in parts) else 1
        over = WITHOUT_PIECES | GONE if order.when_short == "backorder" else WITHOUT_PIECES
        return max(0, self.policy.weights.most_shipments - sum(part.status not in over for part in parts))

    def may_go(self, order: Order, decision: Decision) -> bool:
        """What is wanted as a whole goes as a whole, and so does what waits and is paid in one piece."""
        parts = order.when_short == "cancel_lines" or (order.when_short == "backorder" and self.in_parts)
        return parts or not decision.plan.unfilled

    def _parts(
        self, order: Order, before: Sequence[Fulfilment], asked: Asked, takes: Sequence[Take], now: datetime
    ) -> list[Fulfilment]:
        """One for each node. What nobody bears yet of the shipping charge is borne by the first."""
        standing = [part for part in before if part.status not in WITHOUT_PIECES]
        taken = [block for part in standing for block in part.share.blocks]
        shipping = order.shipping_charge.amount - sum(part.share.shipping for part in standing)
        parts = list[Fulfilment]()
        for number, node in enumerate(sorted({take.node_id for take in takes}), len(before) + 1):
            blocks = tuple(_blocks(order, [take for take in takes if take.node_id == node], taken))
            taken += blocks
            executor = self._executor(node, asked)
            share = Share(blocks, shipping)
            parts.append(self._part(order, number, node, share, way=asked.way, executor=executor, now=now))
            shipping = 0
        return parts

    def _executor(self, node: str, asked: Asked) -> Executor:
        """A store that cannot be asked, or has no carrier for what it would send, is served like a warehouse."""
        at_store = any(site.node_id == node and site.type == "store" for site in asked.sites)
        asks = self.stores and (self.carrier or asked.way.method != "ship_to_home")
        return "store" if at_store and asks else "warehouse"

    def _part(
        self, order: Order, number: int, node: str, share: Share, *, way: Way, executor: Executor, now: datetime
    ) -> Fulfilment:
        made = self.mint("ful")
        amount = share_of(order, share, fulfilment_id=made, node_id=node).totals.grand_total.amount
        status = FulfilmentStatus.PLANNED
        stands = (made, order.order_id, number, order.group.group_id, node, way.method, status)
        return Fulfilment(*stands, "allocated", share, amount, now, executor)

    async def _take_on(self, connection: Connection, order: Order, part: Fulfilment, why: Circumstances) -> None:
        demand = share_of(order, part.share, fulfilment_id=part.fulfilment_id, node_id=part.node_id).demand()
        short = await stock.reserve(
            connection, order.order_id, demand, node=part.node_id, attempt=part.number, part=part.fulfilment_id
        )
        assert not short, "the positions are locked since they were looked at"
        await fulfilments.add(connection, part, why)
        await order_lines.move(connection, order.order_id, ("allocate",), part.counts())


async def _wanted(connection: Connection, order_id: str) -> dict[str, int]:
    """Pieces by line that are open, and those that wait for goods while the order's money is held."""
    lines = await order_lines.standing(connection, order_id)
    held = await payments.still_held(connection, order_id)
    pieces = {line_id: there.open + (there.backordered if held else 0) for line_id, there in lines.items()}
    return {line_id: count for line_id, count in pieces.items() if count}


def _refused(order: Order, rest: Rest, *, first: bool) -> Refusal | None:
    """Why nothing of the order is served, though some of it may be there; None: it is served as far as it can be."""
    if order.when_short == "backorder":
        vain = rest.lines_in_vain() if first else frozenset()
        return refusal(rest.task_of(vain), rest.sites, rest.decision) if vain else None
    against = rest.is_all if order.when_short == "cancel_lines" else bool(rest.pieces)
    return refusal(rest.task, rest.sites, rest.decision) if against else None


def _said_no(parts: Sequence[Fulfilment]) -> frozenset[str]:
    return frozenset(part.node_id for part in parts if part.status is FulfilmentStatus.REJECTED)


def _blocks(order: Order, takes: Sequence[Take], taken: Sequence[Block]) -> list[Block]:
    found = list[Block]()
    for line in order.lines:
        wanted = sum(take.quantity for take in takes if take.line_id == line.line_id)
        found += free_blocks(line, [*taken, *found], wanted)
    return found


def wants(order: Order, open_: Mapping[str, int]) -> list[Want]:
    """Net of discount and without tax; a line's pieces are worth the same."""
    return [
        Want(line.line_id, line.sku.upper(), open_[line.line_id], (line.goods - line.discount).amount // line.quantity)
        for line in order.lines
        if line.line_id in open_
    ]


def refusal(task: Task, sites: Sequence[Site], decision: Decision) -> Refusal:
    """Why not all of the task can be served, in the words that help who placed the order."""
    demand: dict[str, int] = {}
    for want in task.wants:
        demand[want.sku] = demand.get(want.sku, 0) + want.quantity
    stocked = {sku for site in sites for sku in site.shelves}
    if unknown := [sku for sku in demand if sku not in stocked]:
        return Refusal("unknown_sku", f"not stocked: {', '.join(sorted(unknown)[:_MOST_TOLD])}")
    there = {sku: sum(max(0, site.shelves[sku].available) for site in sites if sku in site.shelves) for sku in demand}
    if short := [sku for sku in sorted(demand) if there[sku] < demand[sku]]:
        lines = [f"{sku}: {demand[sku]} wanted, {there[sku]} available" for sku in short[:_MOST_TOLD]]
        return Refusal("insufficient_stock", "; ".join(lines))
    told = [f"{node}: {reason}" for node, reason in sorted(decision.left_out.items())[:_MOST_TOLD]]
    return Refusal("no_fulfilment_option", "; ".join(["no nodes together have all of it", *told]))
