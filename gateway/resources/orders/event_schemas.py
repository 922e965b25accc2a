"""The wire format of what happened to an order, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.orders.hold_schemas import HoldTold
from gateway.resources.orders.offer_schemas import OfferTold
from gateway.resources.orders.schemas import NextPageToken, Reason, Status
from gateway.resources.shapes import CLOSED, Moment, Text64


@with_config(CLOSED)
class EventData(TypedDict):
    status: Status
    reason: NotRequired[Reason]
    hold: NotRequired[HoldTold]
    offer: NotRequired[OfferTold]
    group_id: NotRequired[Text64]


@with_config(CLOSED)
class Event(TypedDict):
    event_id: Annotated[str, Field(pattern="^evt_[0-9A-HJKMNP-TV-Z]{26}$")]
    sequence: Annotated[int, Field(ge=1)]
    type: Literal[
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
    occurred_at: Moment
    data: EventData


@with_config(CLOSED)
class EventPage(TypedDict):
    events: Annotated[list[Event], Field(max_length=200)]
    next_page_token: NextPageToken
