"""
place_order: hold money, wait for the customer's assent if their bank wants it, choose a node and reserve stock there,
book, release, wait for the goods to leave, take the money, invoice.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from gateway.domain.identifiers import Mint, mint
from gateway.domain.orders import OrderStatus
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.ports import BackEnds, Effect
from gateway.store import orders, stock
from gateway.store.pool import Connection
from gateway.workflows.saga import (
    AnyStep,
    Assent,
    Case,
    Local,
    LocalDo,
    Moved,
    Pivot,
    Refusal,
    Saga,
    Seen,
    Step,
)
from gateway.workflows.sourcing import STEP, reserves, sourced


async def hold_money(case: Case, back_ends: BackEnds, key: str) -> Effect:
    order = case.order
    return await back_ends.payments.authorise(
        order.payment.token, order.payment.amount, reference=order.order_id, key=key
    )


async def look_at_hold(case: Case, back_ends: BackEnds) -> Seen:
    hold = await back_ends.payments.standing(case.done("hold_money").id)
    if hold.status == "held":
        return Seen(fact={})
    return Seen(refusal=_PAYMENT(hold.code) if hold.status == "refused" else None)


async def release_money(case: Case, back_ends: BackEnds, held: Effect, key: str) -> Effect:
    return await back_ends.payments.void(held.id, key=key)


async def release_stock(connection: Connection, case: Case, now: datetime) -> None:
    await stock.release(connection, case.order.order_id)


async def book(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.erp.book(sourced(case), key=key)


async def cancel_booking(case: Case, back_ends: BackEnds, booked: Effect, key: str) -> Effect:
    return await back_ends.erp.cancel(booked.id, key=key)


async def release(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.wms.release(sourced(case), case.ship_to, key=key)


async def ask_to_cancel(case: Case, back_ends: BackEnds, released: Effect, key: str) -> Effect:
    return await back_ends.wms.cancel(released.id, key=key)


async def look_at_shipment(case: Case, back_ends: BackEnds) -> Seen:
    shipment = await back_ends.wms.shipment(case.done("release_to_warehouse").id)
    if shipment is None:
        return Seen(trouble=Refusal("shipment_missing", "the warehouse does not know the shipment it confirmed"))
    if shipment.status == "cancelled":
        return Seen(trouble=Refusal("cancelled_by_warehouse", "the warehouse cancelled what nobody asked it to"))
    if shipment.status != "shipped" or shipment.shipped_at is None:
        return Seen()
    return Seen(fact={"shipment_id": shipment.id, "shipped_at": shipment.shipped_at.isoformat()})


async def goods_left(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    await stock.ship(connection, case.order.order_id, datetime.fromisoformat(fact["shipped_at"]))


async def take_money(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.payments.capture(case.done("hold_money").id, case.order.payment.amount, key=key)


async def invoice(case: Case, back_ends: BackEnds, key: str) -> Effect:
    sales_order, captured = case.done("book_in_erp"), case.done("take_money")
    return await back_ends.erp.invoice(sales_order.id, case.order.totals.grand_total, capture=captured.id, key=key)


def _because(otherwise: Refusal, **known: str) -> Callable[[str], Refusal]:
    """The reason a partner reads: our sentence for the back end's code; a back end's own words stay in the log."""
    reasons = {code: Refusal(code, sentence) for code, sentence in known.items()}
    return lambda code: reasons.get(code, otherwise)


_PAYMENT = _because(
    Refusal("payment_declined", "the payment provider declined to hold the money"),
    insufficient_funds="the account behind the card does not hold the amount",
    card_expired="the card has expired",
    authentication_failed="the customer's bank did not get the customer's assent",
    unknown_payment_method="the payment provider does not know the payment token of this order",
)
_EXPIRED = Refusal("payment_action_expired", "the customer did not do in time what their bank asked for")
_ERP = _because(
    Refusal("refused_by_erp", "the order system refused the sales order"),
    unknown_sku="the order system does not know a SKU of this order",
)
_WAREHOUSE = _because(Refusal("refused_by_warehouse", "the warehouse refused to ship the order"))


class OrderSubject:
    """An order, as its saga sees it."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        stored = await orders.load(connection, run_id)
        return Case(stored.order, stored.ship_to)

    async def status(self, connection: Connection, run_id: str) -> str:
        return await orders.lock_status(connection, run_id)

    async def ask(self, connection: Connection, run_id: str, action: Mapping[str, str] | None, moved: Moved) -> None:
        await orders.ask(connection, run_id, action, now=moved.now, trace_id=moved.trace_id, event_id=moved.event_id)

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        reason = {"code": moved.reason.code, "detail": moved.reason.detail} if moved.reason else None
        await orders.transition(
            connection,
            run_id,
            status,
            now=moved.now,
            trace_id=moved.trace_id,
            event_id=moved.event_id,
            reason=reason,
            cancel_outcome=moved.cancel_outcome,
            refs=moved.refs,
        )
        if status == OrderStatus.ACCEPTED:
            await stock.acknowledge(connection, run_id, "erp", moved.now)


def place_order(policy: SourcingPolicy, mint: Mint) -> Saga:
    """How an order is carried out where the retailer sources as *policy* says."""
    return Saga(
        "place_order",
        2,
        _steps(reserves(policy, mint)),
        OrderSubject(),
        done="completed",
        undone="rejected",
        stopped="cancelled",
        wished="cancel_requested",
        resumed="processing",
    )


def _steps(reserve_stock: LocalDo) -> tuple[AnyStep, ...]:
    to_warehouse = partial(Step, undo_may_be_refused=True, then="processing")
    return (
        Step("hold_money", "payments", "authorise", hold_money, _PAYMENT, release_money, "void"),
        Assent("await_customer", "hold_money", "payments", look_at_hold, _EXPIRED),
        Local(STEP, reserve_stock, release_stock),
        Step("book_in_erp", "erp", "book", book, _ERP, cancel_booking, "cancel", then="accepted"),
        to_warehouse("release_to_warehouse", "wms", "release", release, _WAREHOUSE, ask_to_cancel, "cancel"),
        Pivot("await_shipment", "shipped", "wms", look_at_shipment, goods_left),
        Step("take_money", "payments", "capture", take_money, _PAYMENT, about="hold_money"),
        Step("invoice", "erp", "invoice", invoice, _ERP, about="book_in_erp"),
    )


def before_assent(current: Saga) -> Saga:
    """Version 1, of runs that began before customers could be waited for."""
    return replace(current, version=1, steps=tuple(step for step in current.steps if not isinstance(step, Assent)))


def sagas(policy: SourcingPolicy | None = None, mint: Mint = mint) -> Mapping[str, Saga]:
    """All that runs may be of, by task."""
    current = place_order(policy or SourcingPolicy(), mint)
    return {saga.task: saga for saga in (current, before_assent(current))}


PLACE_ORDER = place_order(SourcingPolicy(), mint)
