"""Snapshots: announced, sent in chunks of lines, finished, followed, and decided about when they were put aside."""

from datetime import datetime
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.feeds import Source
from gateway.domain.identifiers import Mint
from gateway.domain.snapshots import MOST_LINES, Announced, LineFault, fingerprint_of, read_chunk
from gateway.domain.time import rfc3339
from gateway.refusals import Conflict, Fault, Invalid, NotFound, TooLarge
from gateway.resources.answers import JSON
from gateway.resources.inventory.feeding import AHEAD
from gateway.resources.inventory.sources import may_feed
from gateway.resources.once import Done, once
from gateway.store import audit, snapshots
from gateway.store.accept import outcome_told
from gateway.store.pool import Connection, Database
from gateway.store.snapshots import SnapshotRow, Staged
from gateway.store.sources import nodes_known

_ABSENT = "there is no such snapshot"


async def begin(database: Database, call: Call, source: Source, *, public: str, mint: Mint) -> Answer:
    return await once(database, call, partial(_begin, call, source, public, mint("snp")), mint=mint)


async def _begin(call: Call, source: Source, public: str, snapshot_id: str, connection: Connection) -> Done:
    body = call.body
    as_of, nodes = datetime.fromisoformat(body["as_of"]), tuple(sorted(body["nodes"]))
    known = source.reach(await nodes_known(connection, nodes))
    unknown = Fault("#/nodes", "unknown_node", "one of them does not exist, or is none of this source's")
    faults = [unknown] if len(known) < len(nodes) else []
    if as_of > call.now + AHEAD:
        faults.append(Fault("#/as_of", "in_the_future", "is ahead of our clock"))
    if faults:
        raise Invalid("the snapshot cannot be what it says", faults=tuple(faults))
    said = Announced(source.source_id, body["reference"], body["scope"], nodes, as_of, body["rows"])
    row = await snapshots.begin(connection, snapshot_id, said, now=call.now)
    if row.announced != said:
        raise Conflict("a snapshot of this reference was announced otherwise", effect="none")
    headers = {"content-type": JSON, "location": f"{public}/v1/inventory/snapshots/{row.snapshot_id}"}
    return Done(row.snapshot_id, Answer(201, headers, orjson.dumps(_view(row, []))))


async def snapshot(database: Database, call: Call) -> bytes:
    row = await _within_reach(database, call)
    return orjson.dumps(_view(row, await snapshots.list_faults(database, row.snapshot_id)))


async def _within_reach(database: Database, call: Call) -> SnapshotRow:
    """Asked before any lock: how long an answer takes tells nothing of another partner's."""
    row = await snapshots.read_snapshot(database, call.path_parameters["snapshot_id"])
    if row is None or not may_feed(call, row.partner_id):
        raise NotFound(_ABSENT)
    return row


async def put_chunk(database: Database, call: Call) -> bytes:
    assert call.read_body is not None, "the limits stage has run"
    await _within_reach(database, call)
    raw, number = await call.read_body(), int(call.path_parameters["number"])
    if raw.count(b"\n") > MOST_LINES:
        raise TooLarge(f"a chunk may have {MOST_LINES} lines", limit=MOST_LINES)
    with outcome_told(call):
        async with database.transaction() as connection:
            row = await _locked(connection, call)
            before = await snapshots.staged_before(connection, row.snapshot_id, number)
            if before is not None and before.fingerprint != fingerprint_of(raw):
                raise Conflict("another chunk was sent under this number", effect="none")
            if before is None:
                _refuse_unless_open(row)
                call.effect = "unknown"
                chunk = read_chunk(raw, number, row.announced.nodes)
                _refuse_too_many(row, chunk.lines)
                before = await snapshots.stage(connection, row.snapshot_id, chunk, now=call.now)
        call.effect = "applied"
        return orjson.dumps(_chunk_view(number, before))


async def finish(database: Database, call: Call, *, mint: Mint) -> bytes:
    await _within_reach(database, call)
    with outcome_told(call):
        async with database.transaction() as connection:
            row = await _locked(connection, call)
            if row.state == "open":
                if (sent := row.staged + row.faulty) != row.announced.rows:
                    detail = f"{row.announced.rows} lines were announced, {sent} were sent: send the rest, then finish"
                    raise Conflict(detail, effect="none")
                call.effect = "unknown"
                await snapshots.hand_over(connection, row.snapshot_id, now=call.now)
                await audit.record(connection, call, row.snapshot_id, audit_id=mint("aud"))
        call.effect = "applied"
    return await snapshot(database, call)


async def decide(database: Database, call: Call, *, mint: Mint) -> Answer:
    return await once(database, call, partial(_decide, call), mint=mint)


async def _decide(call: Call, connection: Connection) -> Done:
    row = await _locked(connection, call)
    believed = call.body["decision"] == "believe"
    if not await snapshots.decide(
        connection, row, believed=believed, by=call.caller.account or call.caller.subject, now=call.now
    ):
        raise Conflict(f"the snapshot is {row.state}: only one that was put aside is decided about", effect="none")
    after = await _locked(connection, call)
    return Done(row.snapshot_id, Answer(200, {"content-type": JSON}, orjson.dumps(_view(after, []))))


async def _locked(connection: Connection, call: Call) -> SnapshotRow:
    row = await snapshots.lock_snapshot(connection, call.path_parameters["snapshot_id"])
    if row is None:
        raise NotFound(_ABSENT)
    return row


def _refuse_too_many(row: SnapshotRow, lines: int) -> None:
    if (sent := row.staged + row.faulty + lines) > row.announced.rows:
        detail = f"{row.announced.rows} lines were announced, with these it would be {sent}: announce another snapshot"
        raise Conflict(detail, effect="none")


def _refuse_unless_open(row: SnapshotRow) -> None:
    if row.state != "open":
        raise Conflict(f"the snapshot is {row.state}: it takes no more chunks", effect="none")


def _view(row: SnapshotRow, faults: list[tuple[int, LineFault]]) -> dict[str, Any]:
    said = row.announced
    view = {
        **{"snapshot_id": row.snapshot_id, "source_id": said.source_id, "reference": said.reference},
        **{"scope": said.scope, "nodes": said.nodes, "as_of": rfc3339(said.as_of), "state": row.state},
        **{"rows": said.rows, "staged": row.staged, "applied": row.applied, "changed": row.changed},
        **{"faulty": row.faulty, "faults": [_fault_view(number, fault) for number, fault in faults]},
        **{"created_at": rfc3339(row.created_at), "updated_at": rfc3339(row.updated_at)},
    }
    return view if row.reason is None else {**view, "reason": row.reason}


def _chunk_view(number: int, staged: Staged) -> dict[str, Any]:
    faults = [_fault_view(number, fault) for fault in staged.faults[:100]]
    return {"number": number, "lines": staged.lines, "faulty": len(staged.faults), "faults": faults}


def _fault_view(number: int, fault: LineFault) -> dict[str, Any]:
    return {"chunk": number, "line": fault.line, "code": fault.code, "detail": fault.detail}
