"""The wire format of Callbacks v1, as types: closed, like the contract."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, JsonValue, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Moment, OrderId, Quantity, Text64, Text255


@with_config(CLOSED)
class ShippedLine(TypedDict):
    line_id: Text64
    sku: Text64
    quantity: Quantity


@with_config(CLOSED)
class Shipped(TypedDict):
    shipment_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
    reference: Text255
    order_id: OrderId
    shipped_at: Moment
    lines: Annotated[list[ShippedLine], Field(min_length=1, max_length=1000)]


@with_config(CLOSED)
class Callback(TypedDict):
    type: Literal["shipment.shipped"]
    timestamp: Moment
    data: Shipped


@with_config(CLOSED)
class Task(TypedDict):
    task_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
    reference: Text255
    order_id: OrderId
    at: Moment


@with_config(CLOSED)
class StoreCallback(TypedDict):
    type: Literal["task.accepted", "task.rejected", "task.ready", "task.handed_over"]
    timestamp: Moment
    data: Task


@with_config(CLOSED)
class RefundedAmount(TypedDict):
    amount: Annotated[int, Field(ge=1, le=2**53 - 1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


@with_config(CLOSED)
class ToldRefund(TypedDict):
    refund_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
    reference: Text255
    amount: RefundedAmount
    at: Moment
    code: NotRequired[Annotated[str, Field(pattern="^[a-z0-9_]{1,64}$")]]


@with_config(CLOSED)
class PaymentCallback(TypedDict):
    type: Literal["refund.succeeded", "refund.failed"]
    timestamp: Moment
    data: ToldRefund


@with_config(CLOSED)
class ScannedReturn(TypedDict):
    return_id: Annotated[str, Field(pattern="^ret_[0-9A-HJKMNP-TV-Z]{26}$")]
    scanned_at: Moment


@with_config(CLOSED)
class CarrierCallback(TypedDict):
    type: Literal["return.scanned"]
    timestamp: Moment
    data: ScannedReturn


class StripeData(TypedDict):
    object: dict[str, JsonValue]


class StripeEvent(TypedDict):
    """Open: what else is in it is Stripe's to say."""

    id: Annotated[str, Field(pattern=r"^evt_[A-Za-z0-9_]{1,124}$")]
    type: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,128}$")]
    data: StripeData


@with_config(CLOSED)
class CallbackReceipt(TypedDict):
    webhook_id: str
    status: Literal["recorded", "known", "ignored"]
