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
from gateway.ports import BackEnds
from gateway.store import fulfilments, pickups, stock
from gateway.store.pool import Connection
from gateway.workflows.executors import INVOICE, book, cancel_booking
from gateway.workflows.money import TAKE
from gateway.workflows.notices import Teller
from gateway.workflows.part import PartSubject, hindered, stand
from gateway.workflows.reasons import ERP, NOT_COLLECTED
from gateway.workflows.saga import Case, Gate, Pivot, Saga, Seen, Step
from gateway.workflows.stock_effects import StockEffects
from gateway.workflows.store_steps import accepts, asks, found_less, gets_ready, task_of

NAME, VERSION = "collect", 1
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
        part, now = case.order.fulfilment_id, case.now
        assert part is not None, "it is a part that is fetched"
        missing = await found_less(connection, case, fact)
        await self.effects.missing(connection, part, case.order.node_id, missing, now)
        code = f"{self.dice(10**_DIGITS):0{_DIGITS}d}"
        until = await pickups.make(connection, part, hash_of_code(part, code), keep_days=self.terms.keep_days, now=now)
        facts = {"code": code, "store": case.order.node_id, "until": rfc3339(until)}
        await self.teller.tell(connection, case, "ready_for_pickup", facts, now)
        await fulfilments.wake(connection, case.order.order_id)  # what is missing is to be had elsewhere

    async def waits(self, connection: Connection, case: Case, now: datetime) -> None:
        part, days = case.order.fulfilment_id, (self.terms.remind_days, self.terms.remind_again_days)
        assert part is not None, "it is a part that is fetched"
        due = tuple(each for each in days if each)
        if await pickups.remind(connection, part, due) is not None:
            await self.teller.tell(connection, case, "pickup_reminder", {"store": case.order.node_id}, now)


async def look_at_counter(case: Case, back_ends: BackEnds) -> Seen:
    task = await task_of(case, back_ends)
    if task is None or task.status != "handed_over":
        return Seen()
    return Seen(fact={"collected_at": task.at.isoformat()})


async def handed_over(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    assert case.order.fulfilment_id is not None, "it is a part that is fetched"
    part = await fulfilments.one(connection, case.order.fulfilment_id)
    moment = datetime.fromisoformat(fact["collected_at"])
    await stock.ship(connection, part.order_id, moment, attempt=part.number)
    await stand(connection, part, FulfilmentStatus.COLLECTED, now=moment)


def collect(subject: PartSubject, counter: Counter) -> Saga:
    terms = counter.terms
    keeps = Pivot(
        *("await_collection", "collected", "store", look_at_counter, handed_over),
        patience=terms.keep_days * _DAY,
        expired=NOT_COLLECTED,
        meanwhile=counter.waits,
    )
    return Saga(
        NAME,
        VERSION,
        (
            Step("book_in_erp", "erp", "book", book, ERP, cancel_booking, "cancel", then="booked"),
            Gate("await_go", hindered),
            asks(_method, terms.accept_minutes + terms.ready_minutes),
            accepts(terms.accept_minutes),
            gets_ready(terms.ready_minutes, counter.ready),
            keeps,
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


def _method(case: Case) -> Method:
    return "curbside" if case.method == "curbside" else "pickup"
