"""Orders that began before they were served in parts: each whole, from one node, in one run. They end as they began."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from gateway.domain.orders import Order
from gateway.domain.sourcing import decide
from gateway.domain.sourcing_terms import Task
from gateway.domain.stock import MAIN
from gateway.ports import BackEnds, Effect
from gateway.store import sourcing, stock
from gateway.store.pool import Connection
from gateway.workflows import executors
from gateway.workflows.executors import (
    BOOK_BY_HAND,
    INVOICE,
    LOCAL_BY_HAND,
    RELEASE_BY_HAND,
    SHIPMENT_BY_HAND,
    ask_to_cancel,
    cancel_booking,
    look_at_shipment,
)
from gateway.workflows.money import ASSENT, HOLD, TAKE
from gateway.workflows.reasons import ERP, WAREHOUSE
from gateway.workflows.saga import Assent, Case, Local, LocalDo, Pivot, Refusal, Saga, Step, Subject
from gateway.workflows.sourcing import Sourcing, refusal, wants

_STEP = "reserve_stock"


def earlier(how: Sourcing, subject: Subject) -> tuple[Saga, ...]:
    """Version 2, and version 1 of runs that began before customers could be waited for."""
    whole = Saga(
        "place_order",
        2,
        _steps(_reserves(how)),
        subject,
        done="completed",
        undone="rejected",
        stopped="cancelled",
        wished="cancel_requested",
        resumed="processing",
    )
    return whole, replace(whole, version=1, steps=tuple(each for each in whole.steps if not isinstance(each, Assent)))


def _steps(reserve_stock: LocalDo) -> tuple[Step | Assent | Local | Pivot, ...]:
    to_warehouse = partial(Step, undo_may_be_refused=True, then="processing", by_hand=RELEASE_BY_HAND)
    return (
        HOLD,
        ASSENT,
        Local(_STEP, reserve_stock, _release_stock, by_hand=LOCAL_BY_HAND),
        Step(
            *("book_in_erp", "erp", "book", _book, ERP, cancel_booking, "cancel"),
            then="accepted",
            by_hand=BOOK_BY_HAND,
        ),
        to_warehouse("release_to_warehouse", "wms", "release", _release, WAREHOUSE, ask_to_cancel, "cancel"),
        Pivot("await_shipment", "shipped", "wms", look_at_shipment, _goods_left, by_hand=SHIPMENT_BY_HAND),
        TAKE,
        INVOICE,
    )


def _reserves(how: Sourcing) -> LocalDo:
    """At the node whose plan is worth most; the effect names it."""

    async def reserve_stock(connection: Connection, case: Case, now: datetime) -> Refusal | Effect | None:
        order = case.order
        task = Task(tuple(wants(order, {line.line_id: line.quantity for line in order.lines})), deliver_by=None)
        to = case.ship_to.country if case.ship_to else None
        sites = await sourcing.sites_for(connection, list(order.demand()), to, how.policy, now=now)
        weights = replace(how.policy.weights, most_shipments=1)
        decision = decide(task, sites, weights)
        if decision.plan.unfilled:
            return refusal(task, sites, decision)
        node = decision.plan.nodes[0]
        short = await stock.reserve(connection, order.order_id, order.demand(), node=node)
        assert not short, "the positions are locked since they were looked at"
        decision_id = how.mint("dec")
        await sourcing.keep_decision(connection, decision_id, order.order_id, (task, sites, weights), decision, now=now)
        return Effect(decision_id, f"{order.order_id}:{_STEP}", "decision", {"node": node})

    return reserve_stock


async def _release_stock(connection: Connection, case: Case, now: datetime) -> None:
    await stock.release(connection, case.order.order_id)


async def _book(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await executors.book(replace(case, sold=_sourced(case)), back_ends, key)


async def _release(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await executors.release(replace(case, sold=_sourced(case)), back_ends, key)


async def _goods_left(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    await stock.ship(connection, case.order.order_id, datetime.fromisoformat(fact["shipped_at"]))


def _sourced(case: Case) -> Order:
    """The order with where it is served from; those from before nodes were chosen are served from the main one."""
    effect = case.effects.get(_STEP)
    return replace(case.order, node_id=effect.facts.get("node", MAIN)) if effect is not None else case.order
