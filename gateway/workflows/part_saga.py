"""What the workflows of all parts have in common: how they begin, how they end, and what is so once goods have left."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.fulfilments import FulfilmentStatus
from gateway.store import fulfilments, stock
from gateway.store.pool import Connection
from gateway.workflows.executors import BOOK_BY_HAND, INVOICE, book, cancel_booking
from gateway.workflows.money import TAKE
from gateway.workflows.part import PartSubject, hindered, stand
from gateway.workflows.reasons import ERP
from gateway.workflows.saga import AnyStep, Case, Gate, OnFact, Saga, Step

VERSION = 2  # of all of them


def part_saga(name: str, subject: PartSubject, *steps: AnyStep) -> Saga:
    """Book it, wait until all of the order is booked and nothing holds it, go these *steps*, of which the last is the
    pivot, then take the money for what has left, and invoice it."""
    begins = (
        Step(*("book_in_erp", "erp", "book", book, ERP, cancel_booking, "cancel"), then="booked", by_hand=BOOK_BY_HAND),
        Gate("await_go", hindered, by_hand="release the order's holds, mend its other parts; retry looks again"),
    )
    return Saga(
        name,
        VERSION,
        (*begins, *steps, TAKE, INVOICE),
        subject,
        done="completed",
        undone="rejected",
        stopped="cancelled",
        wished="cancel_requested",
        resumed="released",
    )


def gone(status: FulfilmentStatus, moment: str) -> OnFact:
    """What follows from goods having left: the fact tells under *moment* when that was."""

    async def on(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
        part = await fulfilments.one(connection, case.part)
        at = datetime.fromisoformat(fact[moment])
        await stock.ship(connection, part.order_id, at, attempt=part.number)
        await stand(connection, part, status, now=at)

    return on
