"""An order as it is read, as types: what was placed, and what has come of it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.orders import DeliveryMethod, TaxMode, WhenShort
from gateway.domain.payment_ledger import PaymentStatus
from gateway.domain.quantities import FulfilmentStatus
from gateway.domain.returns import OrderReturnStatus
from gateway.resources.orders.handover_schemas import FulfilmentId
from gateway.resources.orders.hold_schemas import OpenHolds
from gateway.resources.orders.offer_schemas import OpenOffers
from gateway.resources.orders.schemas import (
    Address,
    Cancel,
    Channel,
    CurrencyCode,
    Customer,
    Line,
    Method,
    Money,
    PickUp,
    Reason,
    Status,
    Totals,
    Version,
)
from gateway.resources.shapes import CLOSED, Moment, OrderId, Quantity, Text64


@with_config(CLOSED)
class DeliveryGroupView(TypedDict):
    id: Text64
    method: DeliveryMethod
    address: NotRequired[Address]
    pickup: NotRequired[PickUp]


@with_config(CLOSED)
class NextAction(TypedDict):
    type: Literal["redirect"]
    url: Annotated[str, Field(pattern="^https?://", max_length=4096)]
    expires_at: Moment


@with_config(CLOSED)
class PaymentView(TypedDict):
    method: Method
    amount: Money
    next_action: NotRequired[NextAction]


@with_config(CLOSED)
class Reference(TypedDict):
    system: str
    type: str
    value: str


@with_config(CLOSED)
class Pieces(TypedDict):
    """Where the pieces of a line stand; together they are its quantity."""

    open: NotRequired[Quantity]
    backordered: NotRequired[Quantity]
    allocated: NotRequired[Quantity]
    released: NotRequired[Quantity]
    picked: NotRequired[Quantity]
    in_transit: NotRequired[Quantity]
    delivered: NotRequired[Quantity]
    lost: NotRequired[Quantity]
    cancelled: NotRequired[Quantity]


@with_config(CLOSED)
class LineView(Line):
    pieces: NotRequired[Pieces]
    reason: NotRequired[Reason]


@with_config(CLOSED)
class FulfilledLine(TypedDict):
    line_id: Text64
    quantity: Quantity


@with_config(CLOSED)
class FulfilmentView(TypedDict):
    fulfilment_id: FulfilmentId
    status: Literal[
        "planned",
        "booked",
        "released",
        "accepted",
        "ready",
        "shipped",
        "collected",
        "completed",
        "cancel_requested",
        "cancelled",
        "rejected",
    ]
    method: DeliveryMethod
    amount: Money
    lines: Annotated[list[FulfilledLine], Field(min_length=1, max_length=1000)]
    reason: NotRequired[Reason]


@with_config(CLOSED)
class OrderView(TypedDict):
    order_id: OrderId
    version: Version
    status: Status
    channel: Channel
    channel_order_id: Text64
    placed_at: Moment
    currency: CurrencyCode
    tax_mode: TaxMode
    customer: Customer
    lines: Annotated[list[LineView], Field(min_length=1, max_length=1000)]
    shipping_charge: NotRequired[Money]
    delivery_groups: Annotated[list[DeliveryGroupView], Field(min_length=1, max_length=1)]
    payment: PaymentView
    totals: Totals
    when_short: NotRequired[WhenShort]
    payment_status: NotRequired[PaymentStatus]
    fulfilment_status: NotRequired[FulfilmentStatus]
    return_status: NotRequired[OrderReturnStatus]
    fulfilments: Annotated[list[FulfilmentView], Field(max_length=20)]
    reason: NotRequired[Reason]
    cancel: NotRequired[Cancel]
    holds: NotRequired[OpenHolds]
    offers: NotRequired[OpenOffers]
    references: list[Reference]
    allowed_actions: list[Literal["cancel"]]
    received_at: Moment
    updated_at: Moment
