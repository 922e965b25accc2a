"""The wire format of Inventory v1, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Moment, Quantity, Text64, Text120

Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9._\-/]{1,64}$")]
NodeId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
SourceId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
Condition = Literal["new", "open_box", "refurbished", "damaged"]
Confidence = Literal["high", "medium", "low"]
Units = Annotated[int, Field(ge=0)]
PositionVersion = Annotated[int, Field(ge=1)]
Version = Annotated[int, Field(ge=1)]
TimeOfDay = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
MinorUnits = Annotated[int, Field(ge=0, le=1_000_000_000)]
Unique = {"uniqueItems": True}


@with_config(CLOSED)
class AvailabilityLine(TypedDict):
    sku: Sku
    node_id: NotRequired[NodeId]
    condition: NotRequired[Condition]
    quantity: NotRequired[Quantity]


@with_config(CLOSED)
class AvailabilityQuery(TypedDict):
    lines: Annotated[list[AvailabilityLine], Field(min_length=1, max_length=100)]


@with_config(CLOSED)
class Term(TypedDict):
    name: Literal[
        "on_hand",
        "damaged",
        "quality_control",
        "hold",
        "display",
        "safety_stock",
        "reserved",
        "reserved_soft",
        "withheld",
    ]
    quantity: int


@with_config(CLOSED)
class NodeAvailability(TypedDict):
    node_id: NodeId
    sellable: bool
    available: Units
    earliest: NotRequired[Moment]
    terms: Annotated[list[Term], Field(max_length=20)]
    as_of: NotRequired[Moment]
    staleness_ms: NotRequired[Units]
    confidence: Confidence
    position_version: PositionVersion


@with_config(CLOSED)
class AvailabilityItem(TypedDict):
    sku: Sku
    condition: Condition
    available: Units
    quantity: Quantity
    earliest: NotRequired[Moment]
    confidence: Confidence
    nodes: Annotated[list[NodeAvailability], Field(max_length=100)]


@with_config(CLOSED)
class Availability(TypedDict):
    asked_at: Moment
    items: Annotated[list[AvailabilityItem], Field(max_length=100)]


@with_config(CLOSED)
class Change(TypedDict):
    position_version: PositionVersion
    sku: Sku
    node_id: NodeId
    condition: Condition
    available: Units
    confidence: Confidence
    cause: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    changed_at: Moment


@with_config(CLOSED)
class ChangePage(TypedDict):
    changes: Annotated[list[Change], Field(max_length=200)]
    cursor: Annotated[str, Field(min_length=1, max_length=1024)]


@with_config(CLOSED)
class Position(TypedDict):
    sku: Sku
    node_id: NodeId
    condition: Condition
    on_hand: int
    damaged: Units
    quality_control: Units
    hold: Units
    display: Units
    safety_stock: Units
    reserved: Units
    reserved_soft: Units
    withheld: Units
    backordered: Units
    available: int
    as_of: NotRequired[Moment]
    confidence: Confidence
    position_version: PositionVersion


@with_config(CLOSED)
class PositionPage(TypedDict):
    positions: Annotated[list[Position], Field(max_length=200)]
    next_page_token: Annotated[str, Field(max_length=1024)]


@with_config(CLOSED)
class SafetyStockLine(TypedDict):
    sku: Sku
    node_id: NodeId
    condition: NotRequired[Condition]
    safety_stock: Annotated[int, Field(ge=0, le=1_000_000)]


@with_config(CLOSED)
class SafetyStock(TypedDict):
    lines: Annotated[list[SafetyStockLine], Field(min_length=1, max_length=1000)]


@with_config(CLOSED)
class SafetyStockReceipt(TypedDict):
    changed: Units


_Opening = TypedDict(
    "_Opening",
    {
        "days": Annotated[
            list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]],
            Field(min_length=1, max_length=7, json_schema_extra=Unique),
        ],
        "from": TimeOfDay,
        "to": TimeOfDay,
    },
)
Opening = with_config(CLOSED)(_Opening)
Day = Annotated[str, Field(pattern="^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]


@with_config(CLOSED)
class Calendar(TypedDict):
    openings: Annotated[list[Opening], Field(max_length=50)]  # type: ignore[valid-type]
    closed_on: NotRequired[Annotated[list[Day], Field(max_length=366, json_schema_extra=Unique)]]


@with_config(CLOSED)
class Cutoff(TypedDict):
    at: TimeOfDay
    service: NotRequired[Text64]


@with_config(CLOSED)
class Capacity(TypedDict):
    orders_per_hour: NotRequired[Quantity]
    orders_per_day: NotRequired[Quantity]


@with_config(CLOSED)
class Cost(TypedDict):
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    pick: NotRequired[MinorUnits]
    pack: NotRequired[MinorUnits]
    labour: NotRequired[MinorUnits]


NodeType = Literal["dc", "store", "3pl", "supplier"]
NodeStatus = Literal["active", "paused", "closed"]
Priority = Annotated[int, Field(ge=1, le=1000)]
Capabilities = Annotated[
    list[Literal["ship", "pickup", "curbside", "returns"]], Field(max_length=4, json_schema_extra=Unique)
]


class _Features(TypedDict):
    """What a node may have, beside what every node has."""

    region: NotRequired[Annotated[str, Field(pattern="^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]]
    gln: NotRequired[Annotated[str, Field(pattern="^[0-9]{13}$")]]
    calendar: NotRequired[Calendar]
    cutoffs: NotRequired[Annotated[list[Cutoff], Field(max_length=50)]]
    capacity: NotRequired[Capacity]
    capabilities: NotRequired[Capabilities]
    cost: NotRequired[Cost]


@with_config(CLOSED)
class NodeBody(_Features):
    type: NodeType
    name: Text120
    status: NotRequired[NodeStatus]
    priority: NotRequired[Priority]
    source_id: NotRequired[SourceId]
    timezone: Text64


@with_config(CLOSED)
class Node(_Features):
    node_id: NodeId
    version: Version
    type: NodeType
    name: Text120
    status: NodeStatus
    priority: Priority
    source_id: SourceId
    timezone: Text64
    updated_at: Moment


@with_config(CLOSED)
class NodeList(TypedDict):
    nodes: Annotated[list[Node], Field(max_length=1000)]
