"""
fulfil: what one executor does of an order. Book it, wait until all of the order is booked and nothing holds it, release
it to the warehouse, wait for the goods to leave, take the money for them, invoice them.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from gateway.domain.fulfilments import FulfilmentStatus
from gateway.store import fulfilments, stock
from gateway.store.pool import Connection
from gateway.workflows.executors import (
    INVOICE,
    ask_to_cancel,
    book,
    cancel_booking,
    look_at_shipment,
    release,
)
from gateway.workflows.money import TAKE
from gateway.workflows.part import PartSubject, hindered, stand
from gateway.workflows.reasons import ERP, WAREHOUSE
from gateway.workflows.saga import Case, Gate, Pivot, Saga, Step

NAME = "fulfil"


async def goods_left(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    assert case.order.fulfilment_id is not None, "it is a part that is shipped"
    part = await fulfilments.one(connection, case.order.fulfilment_id)
    moment = datetime.fromisoformat(fact["shipped_at"])
    await stock.ship(connection, part.order_id, moment, attempt=part.number)
    await stand(connection, part, FulfilmentStatus.SHIPPED, now=moment)


def fulfil(subject: PartSubject) -> Saga:
    to_warehouse = partial(Step, undo_may_be_refused=True, then="released")
    return Saga(
        NAME,
        1,
        (
            Step("book_in_erp", "erp", "book", book, ERP, cancel_booking, "cancel", then="booked"),
            Gate("await_go", hindered),
            to_warehouse("release_to_warehouse", "wms", "release", release, WAREHOUSE, ask_to_cancel, "cancel"),
            Pivot("await_shipment", "shipped", "wms", look_at_shipment, goods_left),
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
