"""What the operations about purchase orders take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.suppliers.purchase_schemas import (
    CancelBody,
    ConfirmationBody,
    ConfirmationId,
    ConfirmationReceipt,
    DecisionBody,
    PoId,
    PurchaseBody,
    PurchasePage,
    PurchaseReceipt,
    PurchaseView,
    ReviseBody,
    RevisionNumber,
    RevisionView,
)
from gateway.resources.suppliers.schemas import Number, SupplierId

_PO_ID = parameter("path", "po_id", PoId, required=True)
_CHANGING = (_PO_ID, IDEMPOTENCY_KEY, IF_MATCH)

CREATE_ORDER = described(
    "create_purchase_order",
    answer=(201, PurchaseReceipt),
    problems=(409,),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(PurchaseBody, required=True),
)
LIST_ORDERS = described(
    "list_purchase_orders",
    answer=(200, PurchasePage),
    parameters=(
        *PAGING,
        parameter("query", "supplier_id", SupplierId),
        parameter("query", "po_number", Number),
    ),
)
GET_ORDER = described(
    "get_purchase_order",
    answer=(200, PurchaseView),
    problems=(404,),
    bare=(304,),
    parameters=(_PO_ID, parameter("header", "If-None-Match", str)),
)
GET_REVISION = described(
    "get_purchase_order_revision",
    answer=(200, RevisionView),
    problems=(404,),
    parameters=(_PO_ID, parameter("path", "revision", RevisionNumber, required=True)),
)
REVISE_ORDER = described(
    "revise_purchase_order",
    answer=(200, PurchaseView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(ReviseBody, required=True),
)
SUBMIT_ORDER = described(
    "submit_purchase_order",
    answer=(200, PurchaseView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
)
ISSUE_ORDER = described(
    "issue_purchase_order",
    answer=(200, PurchaseView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
)
CANCEL_ORDER = described(
    "cancel_purchase_order",
    answer=(200, PurchaseView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(CancelBody, required=True),
)
CONFIRM_ORDER = described(
    "confirm_purchase_order",
    answer=(201, ConfirmationReceipt),
    problems=(404, 409),
    parameters=(_PO_ID, IDEMPOTENCY_KEY),
    body=json_body(ConfirmationBody, required=True),
)
DECIDE_CONFIRMATION = described(
    "decide_confirmation",
    answer=(200, PurchaseView),
    problems=(404, 409, 412),
    parameters=(*_CHANGING, parameter("path", "confirmation_id", ConfirmationId, required=True)),
    body=json_body(DecisionBody, required=True),
)
