"""Holds: why the goods of an order must not be released yet. Any open one is enough."""

from typing import Literal

from gateway.domain.orders import TRANSITIONS, OrderStatus

HoldType = Literal["fraud", "payment", "address", "credit", "inventory", "compliance", "manual", "tax"]
HoldState = Literal["open", "released", "expired"]

MOST_OPEN = 20  # of one order
REASON = (3, 500)  # characters, at least and at most

PLACED_EVENT = "com.omnigate.order.hold_placed.v1"
RELEASED_EVENT = "com.omnigate.order.hold_released.v1"


def has_ended(status: OrderStatus) -> bool:
    """Is there nothing left to hold? No move leads on from where the order stands."""
    return all(move.before is not status for move in TRANSITIONS)
