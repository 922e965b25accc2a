"""What the operations of sources and corrections take and answer, for the app's own schema."""

from typing import Any, Literal

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.inventory.feed_schemas import (
    Adjustment,
    AdjustmentBody,
    AdjustmentDecision,
    AdjustmentId,
    AdjustmentPage,
    ChunkNumber,
    ChunkReceipt,
    DeltaReceipt,
    DeltaReport,
    InboundReceipt,
    InboundReport,
    Snapshot,
    SnapshotBody,
    SnapshotDecision,
    SnapshotId,
    Source,
    SourceBody,
    SourceList,
)
from gateway.resources.inventory.schemas import NodeId, Sku, SourceId

_SOURCE = parameter("path", "source_id", SourceId, required=True)
_SNAPSHOT = parameter("path", "snapshot_id", SnapshotId, required=True)
_ADJUSTMENT = parameter("path", "adjustment_id", AdjustmentId, required=True)
_LINES: dict[str, Any] = {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}

LIST_SOURCES = described("list_sources", answer=(200, SourceList))
GET_SOURCE = described("get_source", answer=(200, Source), problems=(404,), parameters=(_SOURCE,))
PUT_SOURCE = described(
    "put_source",
    answer=(200, Source),
    problems=(409, 412),
    parameters=(_SOURCE, IF_MATCH),
    body=json_body(SourceBody, required=True),
)
REPORT_DELTAS = described(
    "report_deltas",
    answer=(200, DeltaReceipt),
    problems=(404, 409),
    parameters=(_SOURCE, IDEMPOTENCY_KEY),
    body=json_body(DeltaReport, required=True),
)
REPORT_INBOUND = described(
    "report_inbound",
    answer=(200, InboundReceipt),
    problems=(404, 409),
    parameters=(_SOURCE, IDEMPOTENCY_KEY),
    body=json_body(InboundReport, required=True),
)
BEGIN_SNAPSHOT = described(
    "begin_snapshot",
    answer=(201, Snapshot),
    problems=(404, 409),
    parameters=(_SOURCE, IDEMPOTENCY_KEY),
    body=json_body(SnapshotBody, required=True),
)
GET_SNAPSHOT = described("get_snapshot", answer=(200, Snapshot), problems=(404,), parameters=(_SNAPSHOT,))
PUT_SNAPSHOT_CHUNK = described(
    "put_snapshot_chunk",
    answer=(200, ChunkReceipt),
    problems=(404, 409),
    parameters=(_SNAPSHOT, parameter("path", "number", ChunkNumber, required=True)),
    body=_LINES,
)
FINISH_SNAPSHOT = described("finish_snapshot", answer=(202, Snapshot), problems=(404, 409), parameters=(_SNAPSHOT,))
DECIDE_SNAPSHOT = described(
    "decide_snapshot",
    answer=(200, Snapshot),
    problems=(404, 409),
    parameters=(_SNAPSHOT, IDEMPOTENCY_KEY),
    body=json_body(SnapshotDecision, required=True),
)
LIST_ADJUSTMENTS = described(
    "list_adjustments",
    answer=(200, AdjustmentPage),
    parameters=(
        *PAGING,
        parameter("query", "node_id", NodeId),
        parameter("query", "sku", Sku),
        parameter("query", "state", Literal["pending_approval", "applied", "rejected", "reversed"]),
    ),
)
ADJUST_STOCK = described(
    "adjust_stock",
    answer=(201, Adjustment),
    problems=(404, 409, 412),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(AdjustmentBody, required=True),
)
GET_ADJUSTMENT = described("get_adjustment", answer=(200, Adjustment), problems=(404,), parameters=(_ADJUSTMENT,))
DECIDE_ADJUSTMENT = described(
    "decide_adjustment",
    answer=(200, Adjustment),
    problems=(404, 409),
    parameters=(_ADJUSTMENT, IDEMPOTENCY_KEY),
    body=json_body(AdjustmentDecision, required=True),
)
