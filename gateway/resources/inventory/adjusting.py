"""Corrections by people: compared with what they saw, applied as a fact, or kept until a second person has looked."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.adjustments import CYCLE_COUNT, Adjustment
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.time import rfc3339
from gateway.refusals import Conflict, Fault, Forbidden, Invalid, NotFound, PreconditionFailed
from gateway.resources.answers import JSON
from gateway.resources.once import Done, once
from gateway.resources.pages import PageTokens
from gateway.store import adjustments
from gateway.store.adjustments import AdjustmentRow, There
from gateway.store.pool import Connection, Database
from gateway.store.sources import nodes_known
from gateway.store.views import Hearing

_ABSENT = "there is no such correction"
_OPTIONAL = ("document_ref", "expected", "cost", "currency", "reverses", "decided_by")


async def adjust(database: Database, call: Call, *, policy: InventoryPolicy, public: str, mint: Mint) -> Answer:
    hearing = Hearing(call.now, mint, policy)
    return await once(database, call, partial(_adjust, call, hearing, public), mint=mint)


async def _adjust(call: Call, hearing: Hearing, public: str, connection: Connection) -> Done:
    account, body = _person(call), call.body
    row = await adjustments.named(connection, account, body["reference"])
    if row is None:
        asked = await _asked(call, account, hearing, connection)
        there = await adjustments.look(connection, asked.place, asked.bucket)
        row = await adjustments.write_adjustment(connection, asked, _delta(asked, there), there, hearing)
    elif not _is_same(row, body):
        raise Conflict("a correction of this reference says something else", effect="none")
    headers = {"content-type": JSON, "location": f"{public}/v1/inventory/adjustments/{row.adjustment_id}"}
    return Done(row.adjustment_id, Answer(201, headers, orjson.dumps(_view(row))))


def _person(call: Call) -> str:
    return call.caller.account or call.caller.subject


async def _asked(call: Call, account: str, hearing: Hearing, connection: Connection) -> Adjustment:
    body = call.body
    undone = await _undone(connection, body["reverses"]) if "reverses" in body else None
    said = _reversal(undone) if undone is not None else body
    _refuse_unclear(body, said, reverses=undone is not None)
    if not await nodes_known(connection, {said["node_id"]}):
        raise Invalid("the node does not exist", faults=(Fault("#/node_id", "unknown_node", "there is no such node"),))
    return Adjustment(
        adjustment_id=hearing.mint("adj"),
        account=account,
        reference=body["reference"],
        place=(said["sku"].upper(), said["node_id"], said.get("condition", "new")),
        bucket=said.get("bucket", "on_hand"),
        delta=said.get("delta"),
        count=said.get("count"),
        reason=body["reason"],
        document_ref=body.get("document_ref"),
        expected=body.get("expected"),
        cost=said.get("cost"),
        currency=said.get("currency"),
        reverses=undone.adjustment_id if undone else None,
        requested_by=account,
        now=call.now,
    )


async def _undone(connection: Connection, adjustment_id: str) -> AdjustmentRow:
    row = await adjustments.read_adjustment(connection, adjustment_id, locked=True)
    if row is None:
        raise NotFound(_ABSENT)
    if row.state != "applied" or await adjustments.is_reversed(connection, adjustment_id):
        raise Conflict(f"the correction is {row.state}, or its reversal waits: it cannot be reversed", effect="none")
    return row


def _reversal(row: AdjustmentRow) -> dict[str, Any]:
    """The same place and price, the other way."""
    told = {"sku": row.sku, "node_id": row.node_id, "condition": row.condition, "bucket": row.bucket}
    return {**told, "delta": -row.delta, "cost": row.cost, "currency": row.currency}


def _refuse_unclear(body: Mapping[str, Any], said: Mapping[str, Any], *, reverses: bool) -> None:
    """What no schema says of fields that belong together."""
    faults = []
    if reverses:
        also = {"sku", "node_id", "condition", "bucket", "delta", "count", "cost", "currency"} & body.keys()
        faults = [Fault(f"#/{name}", "not_allowed", "is what the reversed one says") for name in sorted(also)]
    faults += [Fault(f"#/{name}", "required", "is required") for name in ("sku", "node_id") if name not in said]
    counts = body["reason"] == CYCLE_COUNT and not reverses
    meant, other = ("count", "delta") if counts else ("delta", "count")
    if meant not in said or other in said:
        faults.append(Fault(f"#/{meant}", "required", f"'{body['reason']}' needs '{meant}', and no '{other}'"))
    if not counts and said.get("delta") == 0:
        faults.append(Fault("#/delta", "no_change", "must not be nothing"))
    if ("cost" in body) != ("currency" in body):
        faults.append(Fault("#/currency", "required", "'cost' and 'currency' go together"))
    if faults:
        raise Invalid("the correction cannot be what it says", faults=tuple(faults))


def _delta(asked: Adjustment, there: There) -> int:
    """How much it changes. Raises what refuses it: the number is not what they saw, or cannot be counted."""
    if asked.expected is not None and asked.expected != there.number:
        raise PreconditionFailed(f"the position shows {there.number} by now", there=there.number, effect="none")
    if asked.count is None:
        assert asked.delta is not None, "one of the two is said"
        return asked.delta
    if asked.bucket == "on_hand" and there.truth.semantics != "physical":
        raise Conflict(
            "the node goes by a source that is net of orders; what lies there is not its number", effect="none"
        )
    return asked.count - there.countable


def _is_same(row: AdjustmentRow, body: Mapping[str, Any]) -> bool:
    """As far as the request says."""
    said = {**asdict(row), "count": row.counted}
    asked = {name: value for name, value in body.items() if name != "reference"}
    return all(said[name] == (value.upper() if name == "sku" else value) for name, value in asked.items())


async def adjustment(database: Database, call: Call) -> bytes:
    async with database.connection() as connection:
        row = await adjustments.read_adjustment(connection, call.path_parameters["adjustment_id"])
    if row is None:
        raise NotFound(_ABSENT)
    return orjson.dumps(_view(row))


async def adjustment_page(database: Database, pages: PageTokens, call: Call) -> bytes:
    sku = call.query["sku"].upper() if "sku" in call.query else None
    sought = {"sku": sku, "node": call.query.get("node_id"), "state": call.query.get("state")}
    question = ("list_adjustments", call.caller.subject, *sought.values())
    found = partial(adjustments.list_adjustments, database, sought)
    rows, following = await pages.page(call, question, found, end=lambda row: row.adjustment_id)
    return orjson.dumps({"adjustments": [_view(row) for row in rows], "next_page_token": following})


async def decide(database: Database, call: Call, *, policy: InventoryPolicy, mint: Mint) -> Answer:
    return await once(database, call, partial(_decide, call, Hearing(call.now, mint, policy)), mint=mint)


async def _decide(call: Call, hearing: Hearing, connection: Connection) -> Done:
    row = await adjustments.read_adjustment(connection, call.path_parameters["adjustment_id"], locked=True)
    if row is None:
        raise NotFound(_ABSENT)
    approved, by = call.body["decision"] == "approve", _person(call)
    refuse_undecidable(row, approved=approved, by=by)
    decided = await adjustments.decide(connection, row, approved=approved, by=by, hearing=hearing)
    return Done(row.adjustment_id, Answer(200, {"content-type": JSON}, orjson.dumps(_view(decided))))


def refuse_undecidable(row: AdjustmentRow, *, approved: bool, by: str) -> None:
    """It waits, and two people agree."""
    if row.state != "pending_approval":
        raise Conflict(f"the correction is {row.state}", effect="none")
    if approved and by == row.requested_by:
        raise Forbidden("whoever asked for a correction cannot approve it", effect="none")


def _view(row: AdjustmentRow) -> dict[str, Any]:
    said = {name: value for name in _OPTIONAL if (value := getattr(row, name)) is not None}
    view = {
        **{"adjustment_id": row.adjustment_id, "reference": row.reference, "sku": row.sku, "node_id": row.node_id},
        **{"condition": row.condition, "bucket": row.bucket, "delta": row.delta, "reason": row.reason, **said},
        **{"state": row.state, "requested_by": row.requested_by, "created_at": rfc3339(row.created_at)},
    }
    return view if row.decided_at is None else {**view, "decided_at": rfc3339(row.decided_at)}
