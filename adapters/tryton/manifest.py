"""
What Tryton promises, operation by operation.

It honours no keys. Our key stands in a record's `reference`, by which it is looked up; a sale is confirmed
only when it was elected, so that a create which lands late is a draft that nobody takes up. All other
effects are states that a record is brought to, whoever brings it there: they are repeated after a look at the state.
Tryton cannot be told a deadline, and answers a write within seconds or, under load, half a minute; and each operation
is several calls, the last of which is begun half a minute after the first at most; a credit memo is some forty, and
has a minute. What is left of them by then is done by the next attempt.
"""

from dataclasses import dataclass, replace

from gateway.ports import Manifest, Promise, RetryClass
from gateway.promises import FoundBy

DAY = 86_400.0
ATTEMPT, SENDING, CREDITED, LANDED = 20.0, 30.0, 60.0, 60.0

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
