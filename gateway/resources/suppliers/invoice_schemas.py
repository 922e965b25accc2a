"""The wire format of suppliers' invoices in Suppliers v1, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.invoice_numbers import Likeness
from gateway.domain.matching_terms import Verdict
from gateway.domain.supplier_invoices import Action
from gateway.resources.shapes import CLOSED, Moment, Quantity
from gateway.resources.suppliers.purchase_schemas import Amount, Day, LineId, PoId, Sku, UnitPrice
from gateway.resources.suppliers.schemas import CurrencyCode, Number, SupplierId, Version, Words

InvoiceId = Annotated[str, Field(pattern="^inv_[0-9A-HJKMNP-TV-Z]{26}$")]
InvoiceStatus = Literal["held", "waiting", "exception", "disputed", "approved", "posted", "rejected"]
DocumentHash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Sums = dict[str, int]


@with_config(CLOSED)
class InvoiceLine(TypedDict):
    line_id: NotRequired[LineId]
    sku: Sku
    quantity: Quantity
    unit_price: UnitPrice
    amount: Amount


@with_config(CLOSED)
class InvoiceCharge(TypedDict):
    kind: Literal["freight", "fuel", "handling"]
    amount: Amount


InvoiceLines = Annotated[list[InvoiceLine], Field(min_length=1, max_length=200)]
Charges = Annotated[list[InvoiceCharge], Field(max_length=20)]


@with_config(CLOSED)
class InvoiceBody(TypedDict):
    po_id: PoId
    invoice_number: Number
    invoice_date: Day
    due_date: NotRequired[Day]
    currency: CurrencyCode
    lines: InvoiceLines
    charges: NotRequired[Charges]
    tax: Amount
    total: Amount
    document_hash: NotRequired[DocumentHash]


@with_config(CLOSED)
class InvoiceReceipt(TypedDict):
    invoice_id: InvoiceId
    invoice_number: Number
    po_id: PoId
    status: InvoiceStatus


@with_config(CLOSED)
class ReasonBody(TypedDict):
    reason: Words


@with_config(CLOSED)
class FindingView(TypedDict):
    verdict: Verdict
    detail: str
    sums: Sums


@with_config(CLOSED)
class LineMatchView(TypedDict):
    line_id: NotRequired[LineId]
    verdict: Verdict
    detail: NotRequired[str]
    sums: Sums
    findings: Annotated[list[FindingView], Field(max_length=10)]


@with_config(CLOSED)
class MatchView(TypedDict):
    run: Annotated[int, Field(ge=1)]
    cause: Literal["intake", "release", "receipt", "rejection", "grace", "reinstatement", "cancellation"]
    verdict: Verdict
    lines: Annotated[list[LineMatchView], Field(max_length=200)]
    findings: Annotated[list[FindingView], Field(max_length=25)]
    made_at: Moment


@with_config(CLOSED)
class LikenessView(TypedDict):
    invoice_id: InvoiceId
    invoice_number: Number
    likeness: Likeness
    days_apart: Annotated[int, Field(ge=0)]


@with_config(CLOSED)
class InvoiceView(TypedDict):
    invoice_id: InvoiceId
    invoice_number: Number
    po_id: PoId
    supplier_id: SupplierId
    status: InvoiceStatus
    held_for: NotRequired[Literal["likeness", "supplier"]]
    reason: NotRequired[Words]
    invoice_date: Day
    due_date: NotRequired[Day]
    currency: CurrencyCode
    lines: InvoiceLines
    charges: NotRequired[Charges]
    tax: Amount
    total: Amount
    document_hash: NotRequired[DocumentHash]
    match: NotRequired[MatchView]
    looks_like: NotRequired[LikenessView]
    goods_due_on: NotRequired[Day]
    approval_id: NotRequired[Annotated[str, Field(pattern="^apr_[0-9A-HJKMNP-TV-Z]{26}$")]]
    allowed_actions: list[Action]
    version: Version
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class InvoicePage(TypedDict):
    supplier_invoices: Annotated[list[InvoiceView], Field(max_length=200)]
    next_page_token: str
