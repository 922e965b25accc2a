"""The wire format of what happened to an order, as the contract has it."""

from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.order_facts import HoldTold, OfferTold, OrderEventType
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
    type: OrderEventType
    occurred_at: Moment
    data: EventData


@with_config(CLOSED)
class EventPage(TypedDict):
    events: Annotated[list[Event], Field(max_length=200)]
    next_page_token: NextPageToken
