"""The wire format of purchase orders in Suppliers v1, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.confirmations import Outcome, Word
from gateway.domain.purchase_orders import Action
from gateway.resources.shapes import CLOSED, Moment, Quantity
from gateway.resources.suppliers.schemas import CurrencyCode, Number, SupplierId, Version, Words

PoId = Annotated[str, Field(pattern="^po_[0-9A-HJKMNP-TV-Z]{26}$")]
ConfirmationId = Annotated[str, Field(pattern="^poc_[0-9A-HJKMNP-TV-Z]{26}$")]
LineId = Annotated[str, Field(pattern="^[A-Za-z0-9._-]{1,20}$")]
Sku = Annotated[str, Field(pattern="^[A-Za-z0-9._/-]{1,64}$")]
UnitPrice = Annotated[int, Field(ge=0, le=1_000_000_000)]
Amount = Annotated[int, Field(ge=0, le=2**53 - 1)]
Day = Annotated[str, Field(pattern="^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]
PoStatus = Literal[
    "draft",
    "pending_approval",
    "approved",
    "rejected",
    "issued",
    "being_changed",
    "confirmed",
    "partially_received",
    "received",
    "change_proposed",
    "declined",
    "cancelled",
    "closed",
]
TaxPoints = Annotated[int, Field(ge=0, le=10_000)]
RevisionNumber = Annotated[int, Field(ge=1, le=100)]


@with_config(CLOSED)
class PurchaseLine(TypedDict):
    line_id: LineId
    sku: Sku
    quantity: Quantity
    unit_price: UnitPrice
    requested_date: Day
    tax_points: NotRequired[TaxPoints]


Lines = Annotated[list[PurchaseLine], Field(min_length=1, max_length=200)]


@with_config(CLOSED)
class PurchaseBody(TypedDict):
    po_number: Number
    supplier_id: SupplierId
    currency: CurrencyCode
    lines: Lines


@with_config(CLOSED)
class ReviseBody(TypedDict):
    lines: Lines
    reason: Words


@with_config(CLOSED)
class CancelBody(TypedDict):
    reason: Words


@with_config(CLOSED)
class Money(TypedDict):
    amount: Amount
    currency: CurrencyCode


@with_config(CLOSED)
class PurchaseReceipt(TypedDict):
    po_id: PoId
    po_number: Number
    supplier_id: SupplierId
    status: Literal["draft"]
    revision: Literal[1]


@with_config(CLOSED)
class ConfirmingLine(TypedDict):
    line_id: LineId
    status: Word
    quantity: NotRequired[Quantity]
    unit_price: NotRequired[UnitPrice]
    date: NotRequired[Day]


@with_config(CLOSED)
class ConfirmationBody(TypedDict):
    supplier_ref: Number
    revision: RevisionNumber
    lines: Annotated[list[ConfirmingLine], Field(min_length=1, max_length=200)]


@with_config(CLOSED)
class ConfirmationReceipt(TypedDict):
    confirmation_id: ConfirmationId
    po_id: PoId
    supplier_ref: Number
    revision: RevisionNumber
    outcome: Outcome


@with_config(CLOSED)
class DecisionBody(TypedDict):
    decision: Literal["agree", "refuse"]
    reason: Words


@with_config(CLOSED)
class ConfirmedLine(TypedDict):
    line_id: LineId
    status: Word
    quantity: Quantity
    unit_price: UnitPrice
    date: Day


@with_config(CLOSED)
class ConfirmationView(TypedDict):
    confirmation_id: ConfirmationId
    supplier_ref: Number
    revision: RevisionNumber
    outcome: Outcome
    decision: NotRequired[Literal["agree", "refuse"]]
    lines: Annotated[list[ConfirmedLine], Field(min_length=1, max_length=200)]


@with_config(CLOSED)
class DeliveredLine(TypedDict):
    line_id: LineId
    shipped: Amount
    received: Amount
    accepted: Amount


@with_config(CLOSED)
class PurchaseView(TypedDict):
    po_id: PoId
    po_number: Number
    supplier_id: SupplierId
    status: PoStatus
    revision: RevisionNumber
    issued_revision: NotRequired[RevisionNumber]
    lines: Lines
    total: Money
    confirmation: NotRequired[ConfirmationView]
    deliveries: NotRequired[Annotated[list[DeliveredLine], Field(min_length=1, max_length=200)]]
    approval_id: NotRequired[Annotated[str, Field(pattern="^apr_[0-9A-HJKMNP-TV-Z]{26}$")]]
    allowed_actions: list[Action]
    version: Version
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class PurchasePage(TypedDict):
    purchase_orders: Annotated[list[PurchaseView], Field(max_length=200)]
    next_page_token: str


@with_config(CLOSED)
class RevisionView(TypedDict):
    po_id: PoId
    po_number: Number
    revision: RevisionNumber
    lines: Lines
    total: Money
    changes: Annotated[list[str], Field(max_length=100)]
    reason: NotRequired[Words]
    made_at: Moment
