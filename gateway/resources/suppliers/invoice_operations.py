"""What the operations about suppliers' invoices take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.suppliers.invoice_schemas import (
    InvoiceBody,
    InvoiceId,
    InvoicePage,
    InvoiceReceipt,
    InvoiceStatus,
    InvoiceView,
    ReasonBody,
)
from gateway.resources.suppliers.purchase_schemas import PoId
from gateway.resources.suppliers.schemas import SupplierId

_INVOICE_ID = parameter("path", "invoice_id", InvoiceId, required=True)
_CHANGING = (_INVOICE_ID, IDEMPOTENCY_KEY, IF_MATCH)

SUBMIT_INVOICE = described(
    "submit_supplier_invoice",
    answer=(201, InvoiceReceipt),
    problems=(409,),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(InvoiceBody, required=True),
)
LIST_INVOICES = described(
    "list_supplier_invoices",
    answer=(200, InvoicePage),
    parameters=(
        *PAGING,
        parameter("query", "supplier_id", SupplierId),
        parameter("query", "po_id", PoId),
        parameter("query", "status", InvoiceStatus),
    ),
)
GET_INVOICE = described(
    "get_supplier_invoice",
    answer=(200, InvoiceView),
    problems=(404,),
    bare=(304,),
    parameters=(_INVOICE_ID, parameter("header", "If-None-Match", str)),
)
RELEASE_INVOICE = described(
    "release_supplier_invoice",
    answer=(200, InvoiceView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(ReasonBody, required=True),
)
APPROVE_INVOICE = described(
    "approve_supplier_invoice",
    answer=(200, InvoiceView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(ReasonBody, required=True),
)
DISPUTE_INVOICE = described(
    "dispute_supplier_invoice",
    answer=(200, InvoiceView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(ReasonBody, required=True),
)
REJECT_INVOICE = described(
    "reject_supplier_invoice",
    answer=(200, InvoiceView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(ReasonBody, required=True),
)
