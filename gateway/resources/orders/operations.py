"""What the operations of Orders v1 take and answer, for the app's own schema."""

from typing import Annotated

from pydantic import Field

from gateway.resources.described import described, json_body, parameter
from gateway.resources.orders.schemas import (
    CancelBody,
    CancelReceipt,
    EventPage,
    OrderBody,
    OrderPage,
    OrderView,
    Receipt,
    Statuses,
)
from gateway.resources.shapes import Moment, OrderId, Text64

_TAGS = r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'
_Key = Annotated[str, Field(pattern=r'^("[A-Za-z0-9._:\-]{16,255}"|[A-Za-z0-9._:\-]{16,255})$')]

_Condition = Annotated[str, Field(pattern=_TAGS)]
_KEY = parameter("header", "Idempotency-Key", _Key, required=True)
_ORDER_ID = parameter("path", "order_id", OrderId, required=True)
_PAGING = (
    parameter("query", "page_size", Annotated[int, Field(le=2**53 - 1)]),
    parameter("query", "page_token", Annotated[str, Field(max_length=1024)]),
)

PLACE_ORDER = described(
    "place_order",
    answer=(202, Receipt),
    problems=(409,),
    parameters=(_KEY,),
    body=json_body(OrderBody, required=True),
)
LIST_ORDERS = described(
    "list_orders",
    answer=(200, OrderPage),
    parameters=(
        *_PAGING,
        parameter("query", "status", Statuses),
        parameter("query", "placed_from", Moment),
        parameter("query", "placed_before", Moment),
        parameter("query", "channel_id", Text64),
        parameter("query", "channel_order_id", Text64),
    ),
)
GET_ORDER = described(
    "get_order",
    answer=(200, OrderView),
    problems=(404,),
    bare=(304,),
    parameters=(_ORDER_ID, parameter("header", "Prefer", str), parameter("header", "If-None-Match", str)),
)
CANCEL_ORDER = described(
    "cancel_order",
    answer=(202, CancelReceipt),
    problems=(404, 409, 412),
    parameters=(_ORDER_ID, _KEY, parameter("header", "If-Match", _Condition)),
    body=json_body(CancelBody, required=False),
)
LIST_ORDER_EVENTS = described(
    "list_order_events",
    answer=(200, EventPage),
    problems=(404,),
    parameters=(_ORDER_ID, *_PAGING),
)
