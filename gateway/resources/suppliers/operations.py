"""What the operations about suppliers take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.suppliers.schemas import (
    ApproveBody,
    CapabilitiesBody,
    LinkBody,
    MoveBody,
    Status,
    SupplierBody,
    SupplierId,
    SupplierPage,
    SupplierReceipt,
    SupplierView,
)

_SUPPLIER_ID = parameter("path", "supplier_id", SupplierId, required=True)
_CHANGING = (_SUPPLIER_ID, IDEMPOTENCY_KEY, IF_MATCH)

CREATE_SUPPLIER = described(
    "create_supplier",
    answer=(201, SupplierReceipt),
    problems=(409,),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(SupplierBody, required=True),
)
LIST_SUPPLIERS = described(
    "list_suppliers",
    answer=(200, SupplierPage),
    parameters=(*PAGING, parameter("query", "status", Status)),
)
GET_SUPPLIER = described(
    "get_supplier",
    answer=(200, SupplierView),
    problems=(404,),
    bare=(304,),
    parameters=(_SUPPLIER_ID, parameter("header", "If-None-Match", str)),
)
SET_CAPABILITIES = described(
    "set_supplier_capabilities",
    answer=(200, SupplierView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(CapabilitiesBody, required=True),
)
LINK_SUPPLIER = described(
    "link_supplier",
    answer=(200, SupplierView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(LinkBody, required=True),
)
MOVE_SUPPLIER = described(
    "move_supplier",
    answer=(200, SupplierView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(MoveBody, required=True),
)
APPROVE_SUPPLIER = described(
    "approve_supplier",
    answer=(200, SupplierView),
    problems=(404, 409, 412),
    parameters=_CHANGING,
    body=json_body(ApproveBody, required=True),
)
