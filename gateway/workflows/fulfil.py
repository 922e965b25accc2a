"""
fulfil: what a warehouse does of an order. Book it, wait until all of the order is booked and nothing holds it, release
it to the warehouse, wait for the goods to leave, take the money for them, invoice them.
"""

from gateway.domain.fulfilments import FulfilmentStatus
from gateway.workflows.executors import (
    RELEASE_BY_HAND,
    SHIPMENT_BY_HAND,
    ask_to_cancel,
    look_at_shipment,
    release,
)
from gateway.workflows.part import PartSubject
from gateway.workflows.part_saga import gone, part_saga
from gateway.workflows.reasons import WAREHOUSE
from gateway.workflows.saga import Pivot, Saga, Step

NAME = "fulfil"


def fulfil(subject: PartSubject) -> Saga:
    to_warehouse = Step(
        *("release_to_warehouse", "wms", "release", release, WAREHOUSE, ask_to_cancel, "cancel"),
        undo_may_be_refused=True,
        then="released",
        by_hand=RELEASE_BY_HAND,
    )
    leaves = gone(FulfilmentStatus.SHIPPED, "shipped_at")
    awaits = Pivot("await_shipment", "shipped", "wms", look_at_shipment, leaves, by_hand=SHIPMENT_BY_HAND)
    return part_saga(NAME, subject, to_warehouse, awaits)
