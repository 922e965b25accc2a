"""The wire format of what sources and people say of stock, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.inventory.schemas import Condition, MinorUnits, NodeId, Sku, SourceId, Units, Version
from gateway.resources.shapes import CLOSED, Code, Moment, Text64, Text255

Semantics = Literal["physical", "net_of_orders"]
Bucket = Literal["on_hand", "damaged", "quality_control", "hold", "display"]
Reason = Literal[
    "receipt",
    "shipment",
    "order",
    "return_restock",
    "cycle_count",
    "damage",
    "shrink",
    "found",
    "transfer_out",
    "transfer_in",
    "recall",
    "correction",
    "write_off",
]
PartnerId = Annotated[str, Field(min_length=1, max_length=64)]
SnapshotId = Annotated[str, Field(pattern="^snp_[0-9A-HJKMNP-TV-Z]{26}$")]
AdjustmentId = Annotated[str, Field(pattern="^adj_[0-9A-HJKMNP-TV-Z]{26}$")]
ChunkNumber = Annotated[int, Field(ge=1, le=100_000)]
Moved = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Seconds = Annotated[int, Field(ge=1, le=31_536_000)]
SourceNodes = Annotated[list[NodeId], Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True})]


@with_config(CLOSED)
class SourceBody(TypedDict):
    semantics: Semantics
    partner_id: NotRequired[PartnerId]
    every: NotRequired[Seconds]
    nodes: NotRequired[SourceNodes]


@with_config(CLOSED)
class Source(TypedDict):
    source_id: SourceId
    semantics: Semantics
    partner_id: NotRequired[PartnerId]
    every: Seconds
    nodes: NotRequired[SourceNodes]
    version: Version


@with_config(CLOSED)
class SourceList(TypedDict):
    sources: Annotated[list[Source], Field(max_length=1000)]


@with_config(CLOSED)
class Delta(TypedDict):
    event_id: Text64
    sku: Sku
    node_id: NodeId
    condition: NotRequired[Condition]
    bucket: NotRequired[Bucket]
    delta: Moved
    reason: Reason
    reference: NotRequired[Text255]
    sequence: NotRequired[Annotated[int, Field(ge=0, le=2**53 - 1)]]
    occurred_at: Moment


@with_config(CLOSED)
class DeltaReport(TypedDict):
    deltas: Annotated[list[Delta], Field(min_length=1, max_length=1000)]


@with_config(CLOSED)
class DeltaResult(TypedDict):
    event_id: Text64
    outcome: Literal["applied", "late", "ours", "noted", "duplicate", "conflict", "refused"]
    code: NotRequired[Code]


@with_config(CLOSED)
class DeltaReceipt(TypedDict):
    results: Annotated[list[DeltaResult], Field(max_length=1000)]


@with_config(CLOSED)
class InboundLine(TypedDict):
    document: Text64
    document_line: Text64
    sku: Sku
    node_id: NodeId
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    eta: Moment
    confidence: Annotated[float, Field(ge=0, le=1)]


@with_config(CLOSED)
class InboundReport(TypedDict):
    lines: Annotated[list[InboundLine], Field(min_length=1, max_length=1000)]


@with_config(CLOSED)
class InboundReceipt(TypedDict):
    changed: Units


@with_config(CLOSED)
class SnapshotBody(TypedDict):
    reference: Text64
    scope: Literal["full", "partial"]
    nodes: Annotated[list[NodeId], Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True})]
    as_of: Moment
    rows: Annotated[int, Field(ge=0, le=10_000_000)]


@with_config(CLOSED)
class ChunkReceipt(TypedDict):
    number: ChunkNumber
    lines: Units
    faulty: Units
    faults: Annotated[list["LineFault"], Field(max_length=100)]


@with_config(CLOSED)
class LineFault(TypedDict):
    chunk: ChunkNumber
    line: Annotated[int, Field(ge=1)]
    code: Code
    detail: Annotated[str, Field(max_length=255)]


@with_config(CLOSED)
class PutAside(TypedDict):
    code: Code
    known: NotRequired[Units]
    missing: NotRequired[Units]


@with_config(CLOSED)
class Snapshot(TypedDict):
    snapshot_id: SnapshotId
    source_id: SourceId
    reference: Text64
    scope: Literal["full", "partial"]
    nodes: Annotated[list[NodeId], Field(max_length=1000)]
    as_of: Moment
    state: Literal["open", "applying", "applied", "quarantined", "superseded", "abandoned"]
    rows: Units
    staged: Units
    applied: Units
    changed: Units
    faulty: Units
    faults: Annotated[list[LineFault], Field(max_length=100)]
    reason: NotRequired[PutAside]
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class SnapshotDecision(TypedDict):
    decision: Literal["believe", "abandon"]


@with_config(CLOSED)
class AdjustmentBody(TypedDict):
    reference: Text64
    sku: NotRequired[Sku]
    node_id: NotRequired[NodeId]
    condition: NotRequired[Condition]
    bucket: NotRequired[Bucket]
    delta: NotRequired[Moved]
    count: NotRequired[Annotated[int, Field(ge=0, le=1_000_000)]]
    expected: NotRequired[int]
    reason: Reason
    document_ref: NotRequired[Text64]
    cost: NotRequired[MinorUnits]
    currency: NotRequired[Currency]
    reverses: NotRequired[AdjustmentId]


@with_config(CLOSED)
class Adjustment(TypedDict):
    adjustment_id: AdjustmentId
    reference: Text64
    sku: Sku
    node_id: NodeId
    condition: Condition
    bucket: Bucket
    delta: int
    reason: Reason
    document_ref: NotRequired[Text64]
    expected: NotRequired[int]
    cost: NotRequired[MinorUnits]
    currency: NotRequired[Currency]
    state: Literal["pending_approval", "applied", "rejected", "reversed"]
    reverses: NotRequired[AdjustmentId]
    requested_by: Annotated[str, Field(max_length=255)]
    decided_by: NotRequired[Annotated[str, Field(max_length=255)]]
    created_at: Moment
    decided_at: NotRequired[Moment]


@with_config(CLOSED)
class AdjustmentPage(TypedDict):
    adjustments: Annotated[list[Adjustment], Field(max_length=200)]
    next_page_token: Annotated[str, Field(max_length=1024)]


@with_config(CLOSED)
class AdjustmentDecision(TypedDict):
    decision: Literal["approve", "reject"]
