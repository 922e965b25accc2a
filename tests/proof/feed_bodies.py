"""Requests of sources and of people who correct stock: those whose shape is right, mended until they can be so."""

from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import uuid4

from schemathesis import Case

from tests.proof.client import SKUS
from tests.proof.stock_bodies import FEW, NODE, now

Json = dict[str, Any]
Send = Callable[[str, Json], Json]  # POST under /v1/inventory: what was made

SOURCE = "wms"
_LARGE = 60  # pieces: a correction that waits for a second person
_aside = count()  # snapshots that the test has put aside, and no other request has decided about


def mend_feed(case: Case, send: Send, *, sent: int) -> None:
    """In place; what it is about is made before. *sent*: how many requests a run before this one sent at most."""
    path, body, parameters = case.path, case.body, case.path_parameters
    for condition in ("If-Match", "If-None-Match"):
        case.headers.pop(condition, None)
    if "source_id" in parameters:
        parameters["source_id"] = f"source-{len(str(body)) % 100}" if case.method == "PUT" else SOURCE
    if path.endswith("/decision") and "snapshot_id" in parameters:
        parameters["snapshot_id"] = f"snp_{sent + next(_aside):026d}"
    elif "snapshot_id" in parameters:
        rows = 1 if "{number}" in path else 0
        parameters["snapshot_id"] = send(f"/sources/{SOURCE}/snapshots", {**_snapshot(), "rows": rows})["snapshot_id"]
    elif "adjustment_id" in parameters:
        parameters["adjustment_id"] = send("/adjustments", _correction(_LARGE))["adjustment_id"]
    if case.method != "GET" and (mended := _body_of(path, body)) is not None:
        case.body = mended


def _body_of(path: str, body: Any) -> Any:
    """None: it can be as it is."""
    match path.rpartition("/")[2]:
        case "{source_id}":
            return {"semantics": "physical", "partner_id": "web"}
        case "{number}":
            return f'{{"sku": "{SKUS[0]}", "node_id": "{NODE}", "on_hand": 1000000}}\n'
        case "deltas":
            return {"deltas": [_fact(delta, place) for place, delta in enumerate(body["deltas"])]}
        case "inbound":
            return {"lines": [{**line, "sku": SKUS[0], "node_id": NODE, "quantity": 1} for line in body["lines"]]}
        case "snapshots":
            return {**body, **_snapshot()}
        case "adjustments":
            return _correction(
                1, document_ref=body.get("document_ref", "count 7"), bucket=body.get("bucket", "on_hand")
            )
        case "decision" if "adjustment_id" in path:
            return {"decision": "reject"}  # the other one asks for a second person
    return None


def _fact(told: Json, place: int) -> Json:
    said = {"event_id": uuid4().hex, "sku": SKUS[place % len(SKUS)], "node_id": NODE, "delta": 1 + place % FEW}
    return {**told, **said, "occurred_at": now()}


def _snapshot() -> Json:
    """One that is complete as soon as it is begun."""
    return {"reference": uuid4().hex, "scope": "partial", "nodes": [NODE], "as_of": now(), "rows": 0}


def _correction(delta: int, **more: Any) -> Json:
    place = {"sku": SKUS[1], "node_id": NODE}
    return {**place, "reference": uuid4().hex, "delta": delta, "reason": "found", **more}
