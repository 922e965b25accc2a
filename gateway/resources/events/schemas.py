"""The wire format of events, as the contract has it: CloudEvents 1.0 in JSON, by what they are about."""

from typing import Annotated, Literal, NotRequired, get_args

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.returns import Status as ReturnStatus
from gateway.resources.order_facts import HoldTold, OfferTold, OrderEventType, OrderStatus
from gateway.resources.shapes import CLOSED, Code, Moment, OrderId, Text64


@with_config(CLOSED)
class OrderFact(TypedDict):
    status: OrderStatus
    reason: NotRequired[Code]
    hold: NotRequired[HoldTold]
    offer: NotRequired[OfferTold]
    group_id: NotRequired[Text64]


@with_config(CLOSED)
class ReservationFact(TypedDict):
    state: Literal["active", "released", "consumed", "expired"]
    version: Annotated[int, Field(ge=1)]


@with_config(CLOSED)
class RefundTold(TypedDict):
    refund_id: Annotated[str, Field(pattern="^rfd_[0-9A-HJKMNP-TV-Z]{26}$")]
    amount: Annotated[int, Field(ge=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


@with_config(CLOSED)
class ReturnFact(TypedDict):
    status: NotRequired[ReturnStatus]
    refund: NotRequired[RefundTold]


@with_config(CLOSED)
class PurchaseFact(TypedDict):
    status: NotRequired[Literal["issued", "confirmed", "change_proposed", "declined", "cancelled", "closed"]]
    revision: NotRequired[Annotated[int, Field(ge=1, le=100)]]
    asn_id: NotRequired[Annotated[str, Field(pattern="^asn_[0-9A-HJKMNP-TV-Z]{26}$")]]
    receipt_id: NotRequired[Annotated[str, Field(pattern="^grn_[0-9A-HJKMNP-TV-Z]{26}$")]]


@with_config(CLOSED)
class InvoiceFact(TypedDict):
    status: Literal["held", "waiting", "exception", "disputed", "approved", "posted", "rejected"]


ReservationEventType = Literal[
    "com.omnigate.reservation.created.v1",
    "com.omnigate.reservation.extended.v1",
    "com.omnigate.reservation.consumed.v1",
    "com.omnigate.reservation.released.v1",
    "com.omnigate.reservation.expired.v1",
]
ReturnEventType = Literal[
    "com.omnigate.return.authorised.v1",
    "com.omnigate.return.scanned.v1",
    "com.omnigate.return.received.v1",
    "com.omnigate.return.inspected.v1",
    "com.omnigate.return.declined.v1",
    "com.omnigate.return.cancelled.v1",
    "com.omnigate.return.expired.v1",
    "com.omnigate.return.closed.v1",
    "com.omnigate.return.refunded.v1",
    "com.omnigate.return.refund_failed.v1",
]
PurchaseEventType = Literal[
    "com.omnigate.purchase_order.issued.v1",
    "com.omnigate.purchase_order.confirmed.v1",
    "com.omnigate.purchase_order.change_proposed.v1",
    "com.omnigate.purchase_order.declined.v1",
    "com.omnigate.purchase_order.cancelled.v1",
    "com.omnigate.purchase_order.closed.v1",
    "com.omnigate.purchase_order.shipping_announced.v1",
    "com.omnigate.purchase_order.shipping_arrived.v1",
    "com.omnigate.purchase_order.shipping_cancelled.v1",
    "com.omnigate.purchase_order.goods_received.v1",
    "com.omnigate.purchase_order.surplus_decided.v1",
]
InvoiceEventType = Literal[
    "com.omnigate.supplier_invoice.received.v1",
    "com.omnigate.supplier_invoice.held.v1",
    "com.omnigate.supplier_invoice.waiting.v1",
    "com.omnigate.supplier_invoice.exception.v1",
    "com.omnigate.supplier_invoice.disputed.v1",
    "com.omnigate.supplier_invoice.approved.v1",
    "com.omnigate.supplier_invoice.posted.v1",
    "com.omnigate.supplier_invoice.rejected.v1",
]
# Of another type, what it says is not known here: a newer version of us has written it.
KNOWN = frozenset(
    name
    for types in (OrderEventType, ReservationEventType, ReturnEventType, PurchaseEventType, InvoiceEventType)
    for name in get_args(types)
)


class _Envelope(TypedDict):
    """What CloudEvents asks of each."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(pattern="^evt_[0-9A-HJKMNP-TV-Z]{26}$")]
    source: str
    sequence: Annotated[str, Field(pattern="^[0-9]{10}$")]
    time: Moment
    datacontenttype: Literal["application/json"]


@with_config(CLOSED)
class OrderEvent(_Envelope):
    type: OrderEventType
    subject: OrderId
    data: OrderFact


@with_config(CLOSED)
class ReservationEvent(_Envelope):
    type: ReservationEventType
    subject: Annotated[str, Field(pattern="^rsv_[0-9A-HJKMNP-TV-Z]{26}$")]
    data: ReservationFact


@with_config(CLOSED)
class ReturnEvent(_Envelope):
    type: ReturnEventType
    subject: Annotated[str, Field(pattern="^ret_[0-9A-HJKMNP-TV-Z]{26}$")]
    data: ReturnFact


@with_config(CLOSED)
class PurchaseEvent(_Envelope):
    type: PurchaseEventType
    subject: Annotated[str, Field(pattern="^po_[0-9A-HJKMNP-TV-Z]{26}$")]
    data: PurchaseFact


@with_config(CLOSED)
class InvoiceEvent(_Envelope):
    type: InvoiceEventType
    subject: Annotated[str, Field(pattern="^inv_[0-9A-HJKMNP-TV-Z]{26}$")]
    data: InvoiceFact


@with_config(CLOSED)
class Nothing(TypedDict):
    """What is said of an event whose type this version does not know."""


@with_config(CLOSED)
class OtherEvent(_Envelope):
    type: Annotated[str, Field(min_length=1, max_length=255)]
    subject: Annotated[str, Field(min_length=1, max_length=255)]
    data: Nothing


@with_config(CLOSED)
class EventPage(TypedDict):
    events: Annotated[
        list[OrderEvent | ReservationEvent | ReturnEvent | PurchaseEvent | InvoiceEvent | OtherEvent],
        Field(max_length=200),
    ]
    cursor: Annotated[str, Field(max_length=1024)]
