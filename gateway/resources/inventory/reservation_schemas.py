"""The wire format of reservations, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.inventory.schemas import Condition, NodeId, Sku, Units, Version
from gateway.resources.shapes import CLOSED, Moment, Quantity, Text64

ReservationId = Annotated[str, Field(pattern="^rsv_[0-9A-HJKMNP-TV-Z]{26}$")]
ReservationKind = Literal["soft", "firm", "pinned"]
HolderType = Literal["cart", "order", "quote", "transfer"]
TtlSeconds = Annotated[int, Field(ge=1, le=7200)]


@with_config(CLOSED)
class Holder(TypedDict):
    type: HolderType
    id: Text64
    attempt: NotRequired[Annotated[int, Field(ge=1, le=1000)]]


@with_config(CLOSED)
class WantedLine(TypedDict):
    line_id: Text64
    sku: Sku
    quantity: Quantity
    node_id: NotRequired[NodeId]
    condition: NotRequired[Condition]


@with_config(CLOSED)
class ReservationBody(TypedDict):
    kind: ReservationKind
    holder: Holder
    ttl_seconds: NotRequired[TtlSeconds]
    on_short: NotRequired[Literal["reject", "partial"]]
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=100)]


@with_config(CLOSED)
class HeldLine(TypedDict):
    line_id: Text64
    sku: Sku
    node_id: NodeId
    condition: Condition
    quantity: Quantity
    consumed: Units
    released: Units
    open: Units


@with_config(CLOSED)
class ShortLine(TypedDict):
    line_id: Text64
    sku: Sku
    wanted: Quantity
    available: Units


@with_config(CLOSED)
class Reservation(TypedDict):
    reservation_id: ReservationId
    kind: ReservationKind
    holder: Holder
    state: Literal["active", "consumed", "released", "expired"]
    version: Version
    expires_at: NotRequired[Moment]
    lines: Annotated[list[HeldLine], Field(max_length=6400)]
    short: NotRequired[Annotated[list[ShortLine], Field(max_length=100)]]
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class ReservationPage(TypedDict):
    reservations: Annotated[list[Reservation], Field(max_length=200)]
    next_page_token: Annotated[str, Field(max_length=1024)]


@with_config(CLOSED)
class LinePart(TypedDict):
    line_id: Text64
    node_id: NotRequired[NodeId]
    quantity: NotRequired[Quantity]


LineParts = Annotated[list[LinePart], Field(min_length=1, max_length=100)]


@with_config(CLOSED)
class ReleaseBody(TypedDict):
    lines: NotRequired[LineParts]


@with_config(CLOSED)
class ExtendBody(TypedDict):
    ttl_seconds: NotRequired[TtlSeconds]


@with_config(CLOSED)
class ConsumeBody(TypedDict):
    occurred_at: NotRequired[Moment]
    lines: NotRequired[LineParts]
