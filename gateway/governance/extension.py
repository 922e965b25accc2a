"""`x-omnigate`: what a contract says about an operation that OpenAPI has no word for."""

from __future__ import annotations

from typing import get_args

from gateway.domain.operation import Authentication, BodyKind, Operation
from gateway.errors import Misconfigured
from gateway.governance.names import listed
from gateway.governance.openapi import Described, resolved
from gateway.governance.sections import Count, Shape, Text, read_section
from gateway.governance.yaml import Document

BODY_LIMIT = 1 << 20  # bytes, where the operation does not say

MEDIA = {"json": "application/json", "ndjson": "application/x-ndjson", "form": "application/x-www-form-urlencoded"}

_KEYS: dict[str, Shape] = {
    "action": Text("orders:write"),
    "authentication": Text("bearer", choices=get_args(Authentication)),
    "idempotency": Text("required", choices=("required", "none")),
    "body": Text("json", choices=get_args(BodyKind)),
    "body_limit": Count(BODY_LIMIT),
    "retention_hours": Count(72),
}


def read_operation(document: Document, described: Described, contract: str) -> Operation:
    """Raises `Misconfigured` naming file, line, operation and what would be right."""
    name = described.text.get("operationId")
    called = f"operation '{name}'"
    if "x-omnigate" not in described.text:
        where = document.at(*described.place)
        raise Misconfigured(
            f"{where}: {called} lacks 'x-omnigate'; it says action, authentication, idempotency and body"
        )
    optional = {"body_limit": BODY_LIMIT, "retention_hours": 72}
    found = read_section(document, (*described.place, "x-omnigate"), called=called, keys=_KEYS, optional=optional)
    _refuse_other_body(document, described, found["body"])
    return Operation(
        id=str(name),
        contract=contract,
        method=described.method,
        path=described.path,
        action=found["action"],
        authentication=found["authentication"],
        idempotency=found["idempotency"] == "required",
        body=found["body"],
        body_limit=found["body_limit"],
        retention_hours=found["retention_hours"],
    )


def _refuse_other_body(document: Document, described: Described, kind: str) -> None:
    place = (*described.place, "requestBody")
    body = resolved(document.value, place, described.text.get("requestBody", {}))[1]
    types, expected = list(body.get("content", ())), [MEDIA[kind]] if kind in MEDIA else []
    if types != expected:
        says = f"'body: {kind}' in x-omnigate means a request body of {listed(expected) or 'no kind'}"
        raise Misconfigured(f"{document.at(*place)}: {says}, but {listed(types) or 'none'} is described")
