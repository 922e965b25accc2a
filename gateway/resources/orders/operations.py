"""What the operations of Orders v1 take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.order_facts import HoldId, OfferId
from gateway.resources.orders.decision_schemas import DecisionList
from gateway.resources.orders.event_schemas import EventPage
from gateway.resources.orders.handover_schemas import CollectBody, Collected, FulfilmentId
from gateway.resources.orders.hold_schemas import HoldBody, HoldList, HoldView, ReleaseBody
from gateway.resources.orders.offer_schemas import AcceptBody, OfferView
from gateway.resources.orders.order_schemas import OrderView
from gateway.resources.orders.schemas import (
    CancelBody,
    CancelReceipt,
    OrderBody,
    OrderPage,
    Receipt,
    Statuses,
)
from gateway.resources.shapes import Moment, OrderId, Text64

_ORDER_ID = parameter("path", "order_id", OrderId, required=True)

PLACE_ORDER = described(
    "place_order",
    answer=(202, Receipt),
    problems=(409,),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(OrderBody, required=True),
)
LIST_ORDERS = described(
    "list_orders",
    answer=(200, OrderPage),
    parameters=(
        *PAGING,
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
    parameters=(_ORDER_ID, IDEMPOTENCY_KEY, IF_MATCH),
    body=json_body(CancelBody, required=False),
)
LIST_ORDER_DECISIONS = described(
    "list_order_decisions",
    answer=(200, DecisionList),
    problems=(404,),
    parameters=(_ORDER_ID,),
)
LIST_ORDER_EVENTS = described(
    "list_order_events",
    answer=(200, EventPage),
    problems=(404,),
    parameters=(_ORDER_ID, *PAGING),
)
LIST_ORDER_HOLDS = described(
    "list_order_holds",
    answer=(200, HoldList),
    problems=(404,),
    parameters=(_ORDER_ID,),
)
PLACE_ORDER_HOLD = described(
    "place_order_hold",
    answer=(201, HoldView),
    problems=(404, 409),
    parameters=(_ORDER_ID, IDEMPOTENCY_KEY),
    body=json_body(HoldBody, required=True),
)
RELEASE_ORDER_HOLD = described(
    "release_order_hold",
    answer=(200, HoldView),
    problems=(404, 409),
    parameters=(_ORDER_ID, parameter("path", "hold_id", HoldId, required=True), IDEMPOTENCY_KEY),
    body=json_body(ReleaseBody, required=True),
)
_OFFER_ID = parameter("path", "offer_id", OfferId, required=True)
ACCEPT_ORDER_OFFER = described(
    "accept_order_offer",
    answer=(200, OfferView),
    problems=(404, 409),
    parameters=(_ORDER_ID, _OFFER_ID, IDEMPOTENCY_KEY),
    body=json_body(AcceptBody, required=False),
)
DECLINE_ORDER_OFFER = described(
    "decline_order_offer",
    answer=(200, OfferView),
    problems=(404, 409),
    parameters=(_ORDER_ID, _OFFER_ID, IDEMPOTENCY_KEY),
)
COLLECT_FULFILMENT = described(
    "collect_fulfilment",
    answer=(200, Collected),
    problems=(404, 409),
    parameters=(_ORDER_ID, parameter("path", "fulfilment_id", FulfilmentId, required=True), IDEMPOTENCY_KEY),
    body=json_body(CollectBody, required=True),
)
