"""
What Tryton promises, operation by operation.

It honours no keys. Our key stands in a record's `reference`, by which it is looked up; a sale is confirmed
only when it was elected, so that a create which lands late is a draft that nobody takes up. All other
effects are states that a record is brought to, whoever brings it there: they are repeated after a look at the state.
Tryton cannot be told a deadline, and answers a write within seconds or, under load, half a minute; and each operation
is several calls, the last of which is begun half a minute after the first at most; a credit memo is some forty, a bill
asks for the account of each of its articles, and both have a minute. What is left of them by then is done by the next
attempt. Of purchases nothing is promised where the mapping does not say what they are booked with.
"""

from dataclasses import dataclass, replace

from gateway.ports import Manifest, Promise, RetryClass
from gateway.promises import FoundBy

DAY = 86_400.0
ATTEMPT, SENDING, CREDITED, LANDED = 20.0, 30.0, 60.0, 60.0

BUYING = frozenset({"order_goods", "cancel_purchase", "receive_goods", "post_bill"})

LOOK_UP = Promise(RetryClass.NATURAL, attempt=10.0)


def _state(found_by: FoundBy, undo: str | None = None) -> Promise:
    return Promise(
        RetryClass.NATURAL,
        attempt=ATTEMPT,
        sending=SENDING,
        settle=LANDED,
        deadline=DAY,
        found_by=(found_by,),
        undo=undo,
    )


def _looked_up(undo: str | None = None) -> Promise:
    return replace(_state("reference", undo), retry_class=RetryClass.LOOK_UP_FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """A manifest for either role that Tryton plays."""

    erp: Manifest
    wms: Manifest


MANIFESTS = Manifests(
    erp={
        "book": _looked_up("cancel"),
        "cancel": _state("subject"),
        "invoice": _looked_up(),
        "credit": replace(_looked_up(), sending=CREDITED),
        "order_goods": _looked_up("cancel_purchase"),
        "cancel_purchase": _state("subject"),
        "receive_goods": _looked_up(),
        "post_bill": replace(_looked_up(), sending=CREDITED),
        "find": LOOK_UP,
        "changes": LOOK_UP,
    },
    wms={
        "release": _state("reference", "cancel"),
        "cancel": _state("subject"),
        "find": LOOK_UP,
        "shipment": LOOK_UP,
        "stock": LOOK_UP,
        "changes": LOOK_UP,
    },
)


def promised(manifests: Manifests, *, purchases: bool) -> Manifests:
    """Without what is bought, unless *purchases* are mapped."""
    if purchases:
        return manifests
    return replace(manifests, erp={name: each for name, each in manifests.erp.items() if name not in BUYING})
