"""The wire format of Returns v1, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.eligibility import Why
from gateway.domain.returns import Condition, Disposition, Status
from gateway.domain.returns_policy import Method, Reason, Trigger
from gateway.resources.shapes import CLOSED, Moment, OrderId, Text64, Text200

ReturnId = Annotated[str, Field(pattern="^ret_[0-9A-HJKMNP-TV-Z]{26}$")]
NodeId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
Number = Annotated[str, Field(pattern="^[A-Za-z0-9._-]{1,64}$")]
Pieces = Annotated[int, Field(ge=1, le=1_000)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
AtLeastNothing = Annotated[int, Field(ge=0)]


@with_config(CLOSED)
class Money(TypedDict):
    amount: Annotated[int, Field(ge=0, le=2**53 - 1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


@with_config(CLOSED)
class EligibilityAsked(TypedDict):
    line_id: Text64
    reason: NotRequired[Reason]


@with_config(CLOSED)
class EligibilityBody(TypedDict):
    order_id: OrderId
    lines: NotRequired[Annotated[list[EligibilityAsked], Field(min_length=1, max_length=100)]]


@with_config(CLOSED)
class EligiblePieces(TypedDict):
    first: AtLeastNothing
    quantity: Annotated[int, Field(ge=1)]
    returnable: bool
    why: NotRequired[Why]
    window_ends_at: NotRequired[Moment]
    value: Money
    fee: Money


@with_config(CLOSED)
class EligibleLine(TypedDict):
    line_id: Text64
    sku: Text64
    method: Method
    refund_on: Trigger
    rule: str
    pieces: Annotated[list[EligiblePieces], Field(min_length=1, max_length=2_000)]


@with_config(CLOSED)
class Eligibility(TypedDict):
    order_id: OrderId
    lines: Annotated[list[EligibleLine], Field(min_length=1, max_length=1_000)]


@with_config(CLOSED)
class ReturnAsked(TypedDict):
    line_id: Text64
    quantity: Pieces
    reason: Reason


@with_config(CLOSED)
class ReturnBody(TypedDict):
    order_id: OrderId
    channel_return_id: Text64
    lines: Annotated[list[ReturnAsked], Field(min_length=1, max_length=100)]


@with_config(CLOSED)
class ReturnReceipt(TypedDict):
    return_id: ReturnId
    order_id: OrderId
    channel_return_id: Text64
    status: Literal["authorised"]
    method: Method
    expires_at: Moment


@with_config(CLOSED)
class Quantities(TypedDict):
    authorised: Count
    received: Count
    accepted: Count
    rejected: Count
    missing: Count
    surplus: AtLeastNothing


@with_config(CLOSED)
class ReturnLineView(TypedDict):
    line_id: Text64
    sku: Text64
    reason: Reason
    method: Method
    refund_on: Trigger
    quantities: Quantities
    value: Money
    fee: Money
    refundable: Money


@with_config(CLOSED)
class CreditMemo(TypedDict):
    memo_id: Annotated[str, Field(pattern="^crm_[0-9A-HJKMNP-TV-Z]{26}$")]
    status: Literal["draft", "posted", "by_hand"]
    number: NotRequired[Annotated[str, Field(max_length=255)]]


@with_config(CLOSED)
class Refund(TypedDict):
    refund_id: Annotated[str, Field(pattern="^rfd_[0-9A-HJKMNP-TV-Z]{26}$")]
    tranche: Annotated[int, Field(ge=1)]
    attempt: Annotated[int, Field(ge=1)]
    status: Literal[
        "pending_approval", "approved", "submitted", "unknown", "succeeded", "failed", "late_failed", "rejected"
    ]
    amount: Money
    fee: Money
    credit_memo: NotRequired[CreditMemo]


@with_config(CLOSED)
class ReturnView(TypedDict):
    return_id: ReturnId
    order_id: OrderId
    channel_id: Text64
    channel_return_id: Text64
    status: Status
    version: Annotated[int, Field(ge=1)]
    lines: Annotated[list[ReturnLineView], Field(min_length=1, max_length=100)]
    refunds: NotRequired[Annotated[list[Refund], Field(min_length=1, max_length=1000)]]
    allowed_actions: list[Literal["cancel", "receive", "inspect"]]
    scanned_at: NotRequired[Moment]
    expires_at: Moment
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class ReturnPage(TypedDict):
    returns: Annotated[list[ReturnView], Field(max_length=200)]
    next_page_token: str


@with_config(CLOSED)
class ReceivedLine(TypedDict):
    line_id: Text64
    received: Count
    missing: NotRequired[Count]
    condition: Condition


@with_config(CLOSED)
class ReceiptBody(TypedDict):
    receipt_id: Number
    node_id: NodeId
    received_at: NotRequired[Moment]
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=100)]


@with_config(CLOSED)
class UnannouncedLine(TypedDict):
    sku: Text64
    quantity: Pieces
    condition: Condition


@with_config(CLOSED)
class UnannouncedBody(TypedDict):
    receipt_id: Number
    node_id: NodeId
    received_at: NotRequired[Moment]
    lines: Annotated[list[UnannouncedLine], Field(min_length=1, max_length=100)]
    label: NotRequired[Text200]


@with_config(CLOSED)
class ReceiptTold(TypedDict):
    receipt_id: Number
    node_id: NodeId
    matched: bool
    return_id: NotRequired[ReturnId]


@with_config(CLOSED)
class InspectedLine(TypedDict):
    line_id: Text64
    quantity: Pieces
    outcome: Literal["accepted", "rejected"]
    grade: NotRequired[Condition]
    disposition: Disposition


@with_config(CLOSED)
class InspectionBody(TypedDict):
    inspection_id: Number
    node_id: NodeId
    inspected_at: NotRequired[Moment]
    lines: Annotated[list[InspectedLine], Field(min_length=1, max_length=100)]


@with_config(CLOSED)
class InspectionTold(TypedDict):
    inspection_id: Number
    node_id: NodeId
    return_id: ReturnId
