"""The wire format of shipping notices and goods receipts in Suppliers v1, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Moment, Quantity, Text40, Text120
from gateway.resources.suppliers.purchase_schemas import Day, LineId, PoId, RevisionNumber, Sku
from gateway.resources.suppliers.schemas import Number, SupplierId, Version, Words

AsnId = Annotated[str, Field(pattern="^asn_[0-9A-HJKMNP-TV-Z]{26}$")]
ReceiptId = Annotated[str, Field(pattern="^grn_[0-9A-HJKMNP-TV-Z]{26}$")]
NodeId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
Sscc = Annotated[str, Field(pattern="^[0-9]{18}$")]
Pieces = Annotated[int, Field(ge=0, le=1_000_000)]
Sum = Annotated[int, Field(ge=0, le=2**53 - 1)]
NoticeStatus = Literal["in_transit", "arrived", "cancelled"]


@with_config(CLOSED)
class PackedLine(TypedDict):
    line_id: LineId
    quantity: Quantity
    lot: NotRequired[Text40]
    expires_on: NotRequired[Day]


@with_config(CLOSED)
class Carton(TypedDict):
    sscc: Sscc
    lines: Annotated[list[PackedLine], Field(min_length=1, max_length=50)]


@with_config(CLOSED)
class Pallet(TypedDict):
    sscc: Sscc
    cartons: Annotated[list[Carton], Field(min_length=1, max_length=200)]


Pallets = Annotated[list[Pallet], Field(min_length=1, max_length=60)]


@with_config(CLOSED)
class NoticeBody(TypedDict):
    asn_number: Number
    shipped_at: Moment
    expected_at: Moment
    carrier: NotRequired[Text40]
    tracking_number: NotRequired[Text120]
    pallets: Pallets


@with_config(CLOSED)
class NoticeReceipt(TypedDict):
    asn_id: AsnId
    asn_number: Number
    po_id: PoId
    status: NoticeStatus


@with_config(CLOSED)
class CancelNoticeBody(TypedDict):
    reason: Words


@with_config(CLOSED)
class SentLine(TypedDict):
    line_id: LineId
    quantity: Sum


@with_config(CLOSED)
class NoticeView(TypedDict):
    asn_id: AsnId
    asn_number: Number
    po_id: PoId
    supplier_id: SupplierId
    status: NoticeStatus
    shipped_at: Moment
    expected_at: Moment
    carrier: NotRequired[Text40]
    tracking_number: NotRequired[Text120]
    lines: Annotated[list[SentLine], Field(min_length=1, max_length=200)]
    pallets: NotRequired[Pallets]
    version: Version
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class NoticePage(TypedDict):
    shipping_notices: Annotated[list[NoticeView], Field(max_length=200)]
    next_page_token: str


@with_config(CLOSED)
class CountedLine(TypedDict):
    line_id: LineId
    received: Quantity
    damaged: NotRequired[Pieces]


@with_config(CLOSED)
class GoodsBody(TypedDict):
    receipt_number: Number
    node_id: NodeId
    asn_id: NotRequired[AsnId]
    received_at: Moment
    lines: Annotated[list[CountedLine], Field(min_length=1, max_length=200)]


@with_config(CLOSED)
class ReceivedLine(TypedDict):
    line_id: LineId
    sku: Sku
    ordered: Quantity
    received_before: Sum
    received: Quantity
    damaged: Pieces
    accepted: Pieces
    over: Pieces
    short: Pieces


@with_config(CLOSED)
class GoodsView(TypedDict):
    receipt_id: ReceiptId
    receipt_number: Number
    po_id: PoId
    revision: RevisionNumber
    node_id: NodeId
    asn_id: NotRequired[AsnId]
    received_by: NotRequired[str]
    received_at: Moment
    recorded_at: Moment
    over_decision: NotRequired[Literal["accepted", "refused"]]
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=200)]


@with_config(CLOSED)
class GoodsPage(TypedDict):
    goods_receipts: Annotated[list[GoodsView], Field(max_length=200)]
    next_page_token: str
