"""The step that decides where an order is served from, and reserves it there: one commit, so both or neither."""

from dataclasses import replace
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.orders import Order
from gateway.domain.sourcing import Decision, decide
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.domain.sourcing_terms import Site, Task, Want
from gateway.domain.stock import MAIN
from gateway.ports import Effect
from gateway.store import sourcing, stock
from gateway.store.pool import Connection
from gateway.workflows.saga import Case, LocalDo, Refusal

STEP = "reserve_stock"
_MOST_TOLD = 10


def reserves(policy: SourcingPolicy, mint: Mint) -> LocalDo:
    """At the node whose plan is worth most; the effect names it. One shipment serves the order."""
    weights = replace(policy.weights, most_shipments=1)

    async def reserve_stock(connection: Connection, case: Case, now: datetime) -> Refusal | Effect | None:
        order = case.order
        to = case.ship_to.country if case.ship_to else None
        sites = await sourcing.sites_for(connection, list(order.demand()), to, policy, now=now)
        task = Task(tuple(_wants(order)), deliver_by=None)
        decision = decide(task, sites, weights)
        if decision.plan.unfilled:
            return _refusal(order, sites, decision)
        node = decision.plan.nodes[0]
        short = await stock.reserve(connection, order.order_id, order.demand(), node=node)
        assert not short, "the positions are locked since they were looked at"
        decision_id = mint("dec")
        await sourcing.keep_decision(connection, decision_id, order.order_id, (task, sites, weights), decision, now=now)
        return Effect(decision_id, f"{order.order_id}:{STEP}", "decision", {"node": node})

    return reserve_stock


def sourced(case: Case) -> Order:
    """The order with where it is served from; those from before nodes were chosen are served from the main one."""
    effect = case.effects.get(STEP)
    return replace(case.order, node_id=effect.facts.get("node", MAIN)) if effect is not None else case.order


def _wants(order: Order) -> list[Want]:
    """Net of discount and without tax; a line's pieces are worth the same."""
    return [
        Want(line.line_id, line.sku.upper(), line.quantity, (line.goods - line.discount).amount // line.quantity)
        for line in order.lines
    ]


def _refusal(order: Order, sites: list[Site], decision: Decision) -> Refusal:
    demand = order.demand()
    stocked = {sku for site in sites for sku in site.shelves}
    if unknown := [sku for sku in demand if sku not in stocked]:
        return Refusal("unknown_sku", f"not stocked: {', '.join(sorted(unknown)[:_MOST_TOLD])}")
    most = {sku: max(site.shelves[sku].available for site in sites if sku in site.shelves) for sku in demand}
    if short := [sku for sku in sorted(demand) if most[sku] < demand[sku]]:
        lines = [f"{sku}: {demand[sku]} wanted, {max(0, most[sku])} available" for sku in short[:_MOST_TOLD]]
        return Refusal("insufficient_stock", "; ".join(lines))
    told = [f"{node}: {reason}" for node, reason in sorted(decision.left_out.items())[:_MOST_TOLD]]
    return Refusal("no_fulfilment_option", "; ".join(["no node has all of it", *told]))
