"""The wire format of handing goods over, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Moment, OrderId

FulfilmentId = Annotated[str, Field(pattern="^ful_[0-9A-HJKMNP-TV-Z]{26}$")]


@with_config(CLOSED)
class CollectBody(TypedDict):
    code: NotRequired[Annotated[str, Field(pattern="^[0-9]{6,8}$")]]
    without_code: NotRequired[Literal[True]]
    reason: NotRequired[Annotated[str, Field(min_length=3, max_length=500)]]


@with_config(CLOSED)
class Collected(TypedDict):
    fulfilment_id: FulfilmentId
    order_id: OrderId
    collected_at: Moment
