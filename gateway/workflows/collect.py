"""
collect: an order that its customer fetches in a store, or has brought out to the car. Book it, ask the store, wait for
it to accept, and until the goods are ready; tell the customer the code against which they are handed over; when they
have been, take the money and invoice. What nobody fetches goes back on the shelf.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.fulfilments import FulfilmentStatus
from gateway.domain.handovers import hash_of_code
from gateway.domain.sourcing_policy import PickupTerms
from gateway.domain.time import rfc3339
from gateway.fulfilment_ports import Method
from gateway.store import pickups
from gateway.store.pool import Connection
from gateway.workflows.notices import Teller
from gateway.workflows.part import PartSubject
from gateway.workflows.part_saga import gone, part_saga
from gateway.workflows.reasons import NOT_COLLECTED
from gateway.workflows.saga import Case, Pivot, Saga
from gateway.workflows.stock_effects import StockEffects
from gateway.workflows.store_steps import accepts, asks, found_less, gets_ready, handed_over

NAME = "collect"
_DIGITS = 6
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Counter:
    """What is needed where goods are handed over. *dice* draws a number below its argument, which nobody can guess."""

    terms: PickupTerms
    teller: Teller
    effects: StockEffects
    dice: Callable[[int], int]

    async def ready(self, connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
        part, now = case.part, case.now
        await found_less(connection, case, fact, self.effects)
        code = f"{self.dice(10**_DIGITS):0{_DIGITS}d}"
        until = await pickups.make(connection, part, hash_of_code(part, code), keep_days=self.terms.keep_days, now=now)
        facts = {"code": code, "store": case.order.node_id, "until": rfc3339(until)}
        await self.teller.tell(connection, case, "ready_for_pickup", facts, now)

    async def waits(self, connection: Connection, case: Case, now: datetime) -> None:
        due = tuple(days for days in (self.terms.remind_days, self.terms.remind_again_days) if days)
        if await pickups.remind(connection, case.part, due) is not None:
            await self.teller.tell(connection, case, "pickup_reminder", {"store": case.order.node_id}, now)


def collect(subject: PartSubject, counter: Counter) -> Saga:
    terms = counter.terms
    keeps = Pivot(
        *("await_collection", "collected", "store", handed_over, gone(FulfilmentStatus.COLLECTED, "collected_at")),
        patience=terms.keep_days * _DAY,
        expired=NOT_COLLECTED,
        meanwhile=counter.waits,
        by_hand="ask the store; resolve with its receipt once they were handed over, or abandon",
    )
    return part_saga(
        NAME,
        subject,
        asks(_method, terms.accept_minutes + terms.ready_minutes),
        accepts(terms.accept_minutes),
        gets_ready(terms.ready_minutes, counter.ready),
        keeps,
    )


def _method(case: Case) -> Method:
    return "curbside" if case.method == "curbside" else "pickup"
