"""What the operations of Inventory v1 take and answer, for the app's own schema."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.inventory.schemas import (
    Availability,
    AvailabilityQuery,
    ChangePage,
    Node,
    NodeBody,
    NodeId,
    NodeList,
    PositionPage,
    SafetyStock,
    SafetyStockReceipt,
    Sku,
)

_NODE_ID = parameter("path", "node_id", NodeId, required=True)

QUERY_AVAILABILITY = described(
    "query_availability", answer=(200, Availability), body=json_body(AvailabilityQuery, required=True)
)
LIST_INVENTORY_CHANGES = described(
    "list_inventory_changes",
    answer=(200, ChangePage),
    parameters=(
        parameter("query", "after", Annotated[str, Field(min_length=1, max_length=1024)]),
        PAGING[0],
        parameter("header", "Prefer", str),
    ),
)
LIST_POSITIONS = described(
    "list_positions",
    answer=(200, PositionPage),
    parameters=(*PAGING, parameter("query", "node_id", NodeId), parameter("query", "sku", Sku)),
)
SET_SAFETY_STOCK = described(
    "set_safety_stock",
    answer=(200, SafetyStockReceipt),
    problems=(404, 409),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(SafetyStock, required=True),
)
LIST_NODES = described("list_nodes", answer=(200, NodeList))
GET_NODE = described("get_node", answer=(200, Node), problems=(404,), parameters=(_NODE_ID,))
PUT_NODE = described(
    "put_node",
    answer=(200, Node),
    problems=(409, 412),
    parameters=(_NODE_ID, IF_MATCH, parameter("header", "If-None-Match", Literal["*"])),
    body=json_body(NodeBody, required=True),
)
