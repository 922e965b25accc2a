"""The wire format of Orders v1, as types: closed, like the contract."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.delivery import DeliveryMethod
from gateway.domain.orders import TaxMode, WhenShort
from gateway.resources.order_facts import OrderStatus
from gateway.resources.shapes import (
    CLOSED,
    MOMENT_OR_DAY,
    Code,
    Moment,
    OrderId,
    Quantity,
    Text20,
    Text40,
    Text64,
    Text120,
    Text200,
    Text255,
)

CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Version = Annotated[int, Field(ge=1)]
Status = OrderStatus
Statuses = Annotated[list[Status], Field(max_length=7, json_schema_extra={"uniqueItems": True})]
Method = Literal["card", "wallet", "bank"]
NextPageToken = Annotated[str, Field(max_length=1024)]


@with_config(CLOSED)
class Money(TypedDict):
    amount: Annotated[int, Field(ge=0, le=2**53 - 1)]
    currency: CurrencyCode


@with_config(CLOSED)
class Channel(TypedDict):
    channel_id: Text64


@with_config(CLOSED)
class Contact(TypedDict):
    email: NotRequired[Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"})]]
    phone: NotRequired[Text40]


@with_config(CLOSED)
class Customer(TypedDict):
    customer_ref: NotRequired[Text64]
    type: Literal["person", "business"]
    contact: NotRequired[Contact]


@with_config(CLOSED)
class Line(TypedDict):
    line_id: Text64
    sku: Annotated[str, Field(pattern=r"^[A-Za-z0-9._\-/]{1,64}$")]
    gtin: NotRequired[Annotated[str, Field(pattern="^([0-9]{8}|[0-9]{12}|[0-9]{13}|[0-9]{14})$")]]
    quantity: Quantity
    unit_price: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$")]
    discount: NotRequired[Money]
    tax: NotRequired[Money]
    name: NotRequired[Text200]


@with_config(CLOSED)
class Address(TypedDict):
    name: Text200
    lines: Annotated[list[Text200], Field(min_length=1, max_length=4)]
    city: Text120
    region: NotRequired[Text120]
    postal_code: NotRequired[Text20]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    phone: NotRequired[Text40]


@with_config(CLOSED)
class PickUp(TypedDict):
    node_id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]


GroupLines = Annotated[list[Text64], Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True})]


PromisedBy = Annotated[str, Field(pattern=MOMENT_OR_DAY)]


@with_config(CLOSED)
class DeliveryGroup(TypedDict):
    id: Text64
    method: DeliveryMethod
    address: NotRequired[Address]
    pickup: NotRequired[PickUp]
    lines: NotRequired[GroupLines]
    promised_by: NotRequired[PromisedBy]


@with_config(CLOSED)
class Payment(TypedDict):
    method: Method
    token: Text255
    amount: Money


@with_config(CLOSED)
class Totals(TypedDict):
    items: Money
    discount: Money
    shipping: Money
    tax: Money
    grand_total: Money


@with_config(CLOSED)
class OrderBody(TypedDict):
    channel: Channel
    channel_order_id: Text64
    placed_at: Moment
    currency: CurrencyCode
    tax_mode: TaxMode
    customer: Customer
    lines: Annotated[list[Line], Field(min_length=1, max_length=1000)]
    shipping_charge: NotRequired[Money]
    delivery_groups: Annotated[list[DeliveryGroup], Field(min_length=1, max_length=20)]
    payment: Payment
    totals: Totals
    when_short: NotRequired[WhenShort]


@with_config(CLOSED)
class Receipt(TypedDict):
    order_id: OrderId
    channel: Channel
    channel_order_id: Text64
    status: Literal["received"]
    received_at: Moment


@with_config(CLOSED)
class OrderSummary(TypedDict):
    order_id: OrderId
    channel: Channel
    channel_order_id: Text64
    status: Status
    version: Version
    currency: CurrencyCode
    grand_total: Money
    placed_at: Moment
    received_at: Moment


@with_config(CLOSED)
class OrderPage(TypedDict):
    orders: Annotated[list[OrderSummary], Field(max_length=200)]
    next_page_token: NextPageToken


@with_config(CLOSED)
class CancelBody(TypedDict):
    reason: NotRequired[Text200]


@with_config(CLOSED)
class Reason(TypedDict):
    code: Code
    detail: str


@with_config(CLOSED)
class Cancel(TypedDict):
    requested_at: Moment
    outcome: Literal["pending", "cancelled", "partial", "too_late"]


@with_config(CLOSED)
class CancelReceipt(TypedDict):
    order_id: OrderId
    status: Status
    version: Version
    cancel: Cancel
