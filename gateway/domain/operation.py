"""An operation: one method on one path of one contract, and what its contract says the edge must do for it."""

from dataclasses import dataclass
from typing import Literal

Authentication = Literal["bearer", "basic", "signature", "none"]
BodyKind = Literal["json", "ndjson", "form", "none"]


@dataclass(frozen=True, slots=True)
class Operation:
    id: str  # operationId, snake_case, unique over all contracts: "place_order"
    contract: str  # "orders.v1"
    method: str
    path: str  # template: "/v1/orders/{order_id}"
    action: str  # what policies speak of: "orders:write"
    authentication: Authentication
    idempotency: bool  # an Idempotency-Key is required
    body: BodyKind
    body_limit: int  # bytes
    retention_hours: int = 72  # of the idempotency record
