"""
ship_from_store: an order that a store picks and a carrier takes to its customer. Book it, ask the store, wait until it
has accepted, and until the goods are packed; buy the label; when the carrier has them, take the money and invoice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.fulfilments import FulfilmentStatus
from gateway.domain.sourcing_policy import PickupTerms
from gateway.ports import BackEnds, Effect
from gateway.store.pool import Connection
from gateway.workflows.part import PartSubject
from gateway.workflows.part_saga import gone, part_saga
from gateway.workflows.reasons import CARRIER
from gateway.workflows.saga import Case, Pivot, Saga, Step
from gateway.workflows.stock_effects import StockEffects
from gateway.workflows.store_steps import accepts, asks, found_less, gets_ready, handed_over

NAME = "ship_from_store"


@dataclass(frozen=True, slots=True)
class Packing:
    effects: StockEffects

    async def ready(self, connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
        await found_less(connection, case, fact, self.effects)


async def buy_label(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.carrier is not None, "no store is asked to send where there is none"
    assert case.ship_to is not None, "what is shipped has an address"
    return await back_ends.carrier.label(case.order, case.ship_to, key=key)


async def void_label(case: Case, back_ends: BackEnds, label: Effect, key: str) -> Effect:
    assert back_ends.carrier is not None, "it made the label"
    return await back_ends.carrier.void(label.id, key=key)


def ship_from_store(subject: PartSubject, terms: PickupTerms, effects: StockEffects) -> Saga:
    label = Step(
        *("buy_label", "carrier", "label", buy_label, CARRIER, void_label, "void"),
        undo_may_be_refused=True,
        undone_after="ask_store",  # what the store has handed over goes on, under its label
        by_hand="look the label up at the carrier; resolve with its number, or void it there and abandon",
    )
    leaves = gone(FulfilmentStatus.SHIPPED, "collected_at")
    return part_saga(
        NAME,
        subject,
        asks(lambda case: "ship", terms.accept_minutes + terms.ready_minutes),
        accepts(terms.accept_minutes),
        gets_ready(terms.ready_minutes, Packing(effects).ready),
        label,
        Pivot(
            *("await_handover", "collected", "store", handed_over, leaves),
            by_hand="ask store and carrier; resolve with the receipt once it was handed over, or abandon",
        ),
    )
