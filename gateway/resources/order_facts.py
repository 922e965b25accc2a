"""What is told of a fact about an order, in its own timeline and in its partner's feed."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.holds import HoldType
from gateway.domain.offer_decisions import OfferKind
from gateway.resources.shapes import CLOSED, Text64

OrderStatus = Literal["received", "accepted", "processing", "completed", "rejected", "cancel_requested", "cancelled"]
HoldId = Annotated[str, Field(pattern="^hld_[0-9A-HJKMNP-TV-Z]{26}$")]
OfferId = Annotated[str, Field(pattern="^off_[0-9A-HJKMNP-TV-Z]{26}$")]
OrderEventType = Literal[
    "com.omnigate.order.received.v1",
    "com.omnigate.order.payment_action_needed.v1",
    "com.omnigate.order.accepted.v1",
    "com.omnigate.order.processing.v1",
    "com.omnigate.order.completed.v1",
    "com.omnigate.order.rejected.v1",
    "com.omnigate.order.cancel_requested.v1",
    "com.omnigate.order.cancelled.v1",
    "com.omnigate.order.cancel_refused.v1",
    "com.omnigate.order.backordered.v1",
    "com.omnigate.order.payment_renewed.v1",
    "com.omnigate.order.payment_renewal_declined.v1",
    "com.omnigate.order.hold_placed.v1",
    "com.omnigate.order.hold_released.v1",
    "com.omnigate.order.offer_accepted.v1",
    "com.omnigate.order.offer_declined.v1",
]


@with_config(CLOSED)
class HoldTold(TypedDict):
    hold_id: HoldId
    type: HoldType


@with_config(CLOSED)
class OfferTold(TypedDict):
    offer_id: OfferId
    group_id: NotRequired[Text64]
    kind: OfferKind
