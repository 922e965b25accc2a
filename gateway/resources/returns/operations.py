"""What the operations of Returns v1 take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, PAGING, described, json_body, parameter
from gateway.resources.returns.schemas import (
    Eligibility,
    EligibilityBody,
    InspectionBody,
    InspectionTold,
    ReceiptBody,
    ReceiptTold,
    ReturnBody,
    ReturnId,
    ReturnPage,
    ReturnReceipt,
    ReturnView,
    UnannouncedBody,
)
from gateway.resources.shapes import OrderId, Text64

_RETURN_ID = parameter("path", "return_id", ReturnId, required=True)

CHECK_RETURN_ELIGIBILITY = described(
    "check_return_eligibility",
    answer=(200, Eligibility),
    problems=(404,),
    body=json_body(EligibilityBody, required=True),
)
REQUEST_RETURN = described(
    "request_return",
    answer=(201, ReturnReceipt),
    problems=(404, 409),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(ReturnBody, required=True),
)
LIST_RETURNS = described(
    "list_returns",
    answer=(200, ReturnPage),
    parameters=(
        *PAGING,
        parameter("query", "order_id", OrderId),
        parameter("query", "channel_id", Text64),
        parameter("query", "channel_return_id", Text64),
    ),
)
GET_RETURN = described(
    "get_return",
    answer=(200, ReturnView),
    problems=(404,),
    bare=(304,),
    parameters=(_RETURN_ID, parameter("header", "If-None-Match", str)),
)
CANCEL_RETURN = described(
    "cancel_return",
    answer=(200, ReturnView),
    problems=(404, 409),
    parameters=(_RETURN_ID, IDEMPOTENCY_KEY),
)
RECEIVE_RETURN = described(
    "receive_return",
    answer=(201, ReceiptTold),
    problems=(404, 409),
    parameters=(_RETURN_ID, IDEMPOTENCY_KEY),
    body=json_body(ReceiptBody, required=True),
)
INSPECT_RETURN = described(
    "inspect_return",
    answer=(201, InspectionTold),
    problems=(404, 409),
    parameters=(_RETURN_ID, IDEMPOTENCY_KEY),
    body=json_body(InspectionBody, required=True),
)
RECEIVE_UNANNOUNCED = described(
    "receive_unannounced",
    answer=(201, ReceiptTold),
    problems=(409,),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(UnannouncedBody, required=True),
)
