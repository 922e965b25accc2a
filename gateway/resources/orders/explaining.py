"""Why an order is served from where it is, as it was decided; for the retailer's own eyes."""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.context import Call
from gateway.domain.time import rfc3339
from gateway.refusals import NotFound
from gateway.resources.answers import whose
from gateway.store.pool import Database
from gateway.store.sourcing_decisions import DecisionRow, list_decisions


async def decisions_of(database: Database, call: Call, *, absent: str) -> bytes:
    rows = await list_decisions(database, call.path_parameters["order_id"], partner=whose(call))
    if rows is None:
        raise NotFound(absent)
    return orjson.dumps({"decisions": [_view(row) for row in rows]})


def _view(row: DecisionRow) -> dict[str, Any]:
    said = row.document
    left_out = [{"node_id": node, "reason": reason} for node, reason in sorted(said["left_out"].items())]
    view = {
        **{"decision_id": row.decision_id, "decided_at": rfc3339(row.decided_at)},
        **{"plan": _plan(said["plan"]), "left_out": left_out},
    }
    if said["runner_up"] is not None:
        view["runner_up"] = _plan(said["runner_up"])
    if (flip := said["flip"]) is not None:
        view["flip"] = {**flip, "term": _term(flip["term"])}
    return view


def _plan(said: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: said[name] for name in ("score", "nodes", "takes", "unfilled")}
    return {**kept, "terms": [_term(term) for term in said["terms"]]}


def _term(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
