"""
What Tryton promises, operation by operation.

It honours no keys. Our key stands in a record's `reference`, by which it is looked up; a sale is confirmed
only when it was elected, so that a create which lands late is a draft that nobody takes up. All other
effects are states that a record is brought to, whoever brings it there: they are repeated after a look at the state.
Tryton cannot be told a deadline, and answers a write within seconds or, under load, half a minute.
"""

from dataclasses import dataclass

from gateway.ports import Manifest, Promise, RetryClass

DAY = 86_400.0
ATTEMPT, LANDED = 20.0, 60.0

LOOK_UP = Promise(RetryClass.NATURAL, attempt=10.0)
LOOKED_UP = Promise(RetryClass.LOOK_UP_FIRST, attempt=ATTEMPT, settle=LANDED, deadline=DAY)
STATE = Promise(RetryClass.NATURAL, attempt=ATTEMPT, settle=LANDED, deadline=DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """A manifest for either role that Tryton plays."""

    erp: Manifest
    wms: Manifest


MANIFESTS = Manifests(
    erp={"book": LOOKED_UP, "cancel": STATE, "invoice": LOOKED_UP, "find": LOOK_UP, "changes": LOOK_UP},
    wms={
        "release": STATE,
        "cancel": STATE,
        "find": LOOK_UP,
        "shipment": LOOK_UP,
        "stock": LOOK_UP,
        "changes": LOOK_UP,
    },
)
