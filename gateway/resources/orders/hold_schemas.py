"""The wire format of holds, as the contract has it: to operators with who and why, to partners without."""

from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.holds import HoldState, HoldType
from gateway.resources.order_facts import HoldId
from gateway.resources.shapes import CLOSED, Moment, OrderId, Text64

HoldReason = Annotated[str, Field(min_length=3, max_length=500)]


@with_config(CLOSED)
class HoldBody(TypedDict):
    type: HoldType
    reason: HoldReason
    expires_at: NotRequired[Moment]


@with_config(CLOSED)
class ReleaseBody(TypedDict):
    reason: HoldReason


@with_config(CLOSED)
class HoldView(TypedDict):
    hold_id: HoldId
    order_id: OrderId
    type: HoldType
    state: HoldState
    reason: HoldReason
    placed_by: Text64
    placed_at: Moment
    expires_at: NotRequired[Moment]
    released_by: NotRequired[Text64]
    released_at: NotRequired[Moment]
    release_reason: NotRequired[HoldReason]


@with_config(CLOSED)
class HoldList(TypedDict):
    holds: Annotated[list[HoldView], Field(max_length=200)]


@with_config(CLOSED)
class OpenHold(TypedDict):
    hold_id: HoldId
    type: HoldType
    placed_at: Moment
    expires_at: NotRequired[Moment]


OpenHolds = Annotated[list[OpenHold], Field(min_length=1, max_length=20)]
