"""
ship_from_store: an order that a store picks and a carrier takes to its customer. Book it, ask the store, wait until it
has accepted, and until the goods are packed; buy the label; when the carrier has them, take the money and invoice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.fulfilments import FulfilmentStatus
from gateway.domain.sourcing_policy import PickupTerms
from gateway.ports import BackEnds, Effect
from gateway.store import fulfilments, stock
from gateway.store.pool import Connection
from gateway.workflows.executors import INVOICE, book, cancel_booking
from gateway.workflows.money import TAKE
from gateway.workflows.part import PartSubject, hindered, stand
from gateway.workflows.reasons import CARRIER, ERP
from gateway.workflows.saga import Case, Gate, Pivot, Saga, Seen, Step
from gateway.workflows.stock_effects import StockEffects
from gateway.workflows.store_steps import accepts, asks, found_less, gets_ready, task_of

NAME, VERSION = "ship_from_store", 1


@dataclass(frozen=True, slots=True)
class Packing:
    effects: StockEffects

    async def ready(self, connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
        assert case.order.fulfilment_id is not None, "it is a part that is packed"
        missing = await found_less(connection, case, fact)
        await self.effects.missing(connection, case.order.fulfilment_id, case.order.node_id, missing, case.now)
        await fulfilments.wake(connection, case.order.order_id)  # what is missing is to be had elsewhere


async def buy_label(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.carrier is not None, "the step is left out where there is none"
    assert case.ship_to is not None, "what is shipped has an address"
    return await back_ends.carrier.label(case.order, case.ship_to, key=key)


async def void_label(case: Case, back_ends: BackEnds, label: Effect, key: str) -> Effect:
    assert back_ends.carrier is not None, "it made the label"
    return await back_ends.carrier.void(label.id, key=key)


async def look_at_handover(case: Case, back_ends: BackEnds) -> Seen:
    task = await task_of(case, back_ends)
    if task is None or task.status != "handed_over":
        return Seen()
    return Seen(fact={"collected_at": task.at.isoformat()})


async def carrier_has_it(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    assert case.order.fulfilment_id is not None, "it is a part that is shipped"
    part = await fulfilments.one(connection, case.order.fulfilment_id)
    moment = datetime.fromisoformat(fact["collected_at"])
    await stock.ship(connection, part.order_id, moment, attempt=part.number)
    await stand(connection, part, FulfilmentStatus.SHIPPED, now=moment)


def ship_from_store(subject: PartSubject, terms: PickupTerms, effects: StockEffects) -> Saga:
    label = Step(*("buy_label", "carrier", "label", buy_label, CARRIER, void_label, "void"), undo_may_be_refused=True)
    return Saga(
        NAME,
        VERSION,
        (
            Step("book_in_erp", "erp", "book", book, ERP, cancel_booking, "cancel", then="booked"),
            Gate("await_go", hindered),
            asks(lambda case: "ship", terms.accept_minutes + terms.ready_minutes),
            accepts(terms.accept_minutes),
            gets_ready(terms.ready_minutes, Packing(effects).ready),
            label,
            Pivot("await_handover", "collected", "store", look_at_handover, carrier_has_it),
            TAKE,
            INVOICE,
        ),
        subject,
        done="completed",
        undone="rejected",
        stopped="cancelled",
        wished="cancel_requested",
        resumed="released",
    )
