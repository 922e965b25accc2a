"""Requests about stock that a schema cannot make: generated ones whose shape is right, mended until they can be so."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from schemathesis import Case

from tests.proof.client import SKUS

Json = dict[str, Any]

NODE = "main"
FEW = 3  # pieces: the shelves of a run are not emptied


def mend_stock(case: Case) -> None:
    """In place. What is about one reservation, source or snapshot is made before by who calls this."""
    path, body = case.path, case.body
    if path.endswith("/availability:query"):
        _known(body["lines"], nodes=False)
    elif path.endswith("/safety-stock"):
        _known(body["lines"], nodes=True)
        for line in body["lines"]:
            line.update(condition="new", safety_stock=0)
    elif path.endswith("/nodes/{node_id}"):
        if case.method == "PUT":
            _node(case)
        elif case.method == "GET":
            case.path_parameters["node_id"] = NODE
    elif path.endswith("/changes"):
        case.query.pop("after", None)
    elif path.endswith("/reservations") and case.method == "POST":
        _reservation(body)
    elif path.endswith("/reservations"):
        for name in ("holder_type", "holder_id"):  # they come together, which no schema of parameters says
            case.query.pop(name, None)
    elif "{reservation_id}" in path and case.method == "POST":
        _part(body)


def _known(lines: list[Json], *, nodes: bool) -> None:
    for place, line in enumerate(lines):
        line["sku"] = SKUS[place % len(SKUS)]
        if nodes or "node_id" in line:
            line["node_id"] = NODE


def _node(case: Case) -> None:
    body = case.body
    case.path_parameters["node_id"] = "node-" + str(sum(map(ord, body["name"])) % 100)
    for condition in ("If-Match", "If-None-Match"):
        case.headers.pop(condition, None)
    body["timezone"] = "Europe/London"
    body.pop("gln", None)
    if "source_id" in body:
        body["source_id"] = "wms"
    for opening in body.get("calendar", {}).get("openings", ()):
        opening["from"], opening["to"] = "09:00", "17:30"


def _reservation(body: Json) -> None:
    body["holder"] = {**body["holder"], "type": "cart", "id": uuid4().hex}
    body["on_short"] = "partial"
    if body["kind"] != "soft":
        body.pop("ttl_seconds", None)
    for place, line in enumerate(body["lines"], 1):
        line.update(line_id=str(place), sku=SKUS[place % len(SKUS)], quantity=1 + place % FEW, condition="new")
        line.pop("node_id", None)
        if body["kind"] == "pinned":
            line["node_id"] = NODE


def _part(body: Any) -> None:
    """Of the only line there is, or of all; what has left has left by now."""
    if isinstance(body, dict):
        if "lines" in body:
            body["lines"] = [{"line_id": "1", "quantity": 1}]
        if "occurred_at" in body:
            body["occurred_at"] = now()


def reservation(kind: str = "firm") -> Json:
    """A small one, of a holder of its own."""
    line = {"line_id": "1", "sku": SKUS[0], "quantity": 2}
    return {"kind": kind, "holder": {"type": "cart", "id": uuid4().hex}, "lines": [line]}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
