"""Sources: who may feed one, what its numbers mean, and who finds that there is none."""

from collections.abc import Sequence
from typing import Any

import orjson

from gateway.context import Call
from gateway.domain.feeds import Source
from gateway.domain.identifiers import Mint
from gateway.refusals import Conflict, Fault, Invalid, NotFound, PreconditionFailed
from gateway.resources.answers import whose
from gateway.resources.preconditions import etag_of, tags_expected
from gateway.store import audit
from gateway.store.accept import outcome_told
from gateway.store.pool import Connection, Database
from gateway.store.sources import (
    MOST,
    all_sources,
    count_sources,
    has_partner,
    has_spoken,
    lock_source,
    nodes_known,
    read_source,
    write_source,
)

ABSENT = "there is no such source"
_USUAL = 86_400  # seconds between reports


async def source_list(database: Database, call: Call) -> bytes:
    return orjson.dumps({"sources": [source_view(each) for each in await all_sources(database, partner=whose(call))]})


async def within_reach(database: Database, call: Call) -> Source:
    """The source of the call's path. Another partner's is absent."""
    source = await read_source(database, call.path_parameters["source_id"])
    if source is None or not may_feed(call, source.partner_id):
        raise NotFound(ABSENT)
    return source


def may_feed(call: Call, partner_id: str | None) -> bool:
    mine = whose(call)
    return mine is None or mine == partner_id


def source_view(source: Source) -> dict[str, Any]:
    view: dict[str, Any] = {
        "source_id": source.source_id,
        "semantics": source.semantics,
        "every": source.every,
        "version": source.version,
    }
    if source.nodes is not None:
        view["nodes"] = source.nodes
    return view if source.partner_id is None else {**view, "partner_id": source.partner_id}


async def put(database: Database, call: Call, *, if_match: Sequence[str], mint: Mint) -> Source:
    """Make or replace the source, in one commit with its audit row."""
    body, expected = call.body, tags_expected(if_match)
    source_id = call.path_parameters["source_id"]
    nodes = tuple(sorted(body["nodes"])) if "nodes" in body else None
    source = Source(source_id, body.get("partner_id"), body["semantics"], body.get("every", _USUAL), 1, nodes)
    with outcome_told(call):
        async with database.transaction() as connection:
            before = await lock_source(connection, source_id)
            _refuse_unless_expected(before, expected, named=bool(if_match))
            await _refuse_impossible(connection, before, source)
            call.effect = "unknown"
            written = await write_source(connection, source, now=call.now)
            await audit.record(connection, call, f"source:{source_id}", audit_id=mint("aud"))
        call.effect = "applied"
        return written


def _refuse_unless_expected(before: Source | None, expected: frozenset[str] | None, *, named: bool) -> None:
    if named and before is None:
        raise PreconditionFailed("there is no such source yet", effect="none")
    if before is not None and expected is not None and etag_of(before.version) not in expected:
        raise PreconditionFailed(f"the source is at version {before.version}", effect="none")


async def _refuse_impossible(connection: Connection, before: Source | None, source: Source) -> None:
    if source.partner_id is not None and not await has_partner(connection, source.partner_id):
        fault = Fault("#/partner_id", "unknown_partner", "there is no such partner; add it first")
        raise Invalid("the source cannot be what it says", faults=(fault,))
    if source.nodes is not None and len(await nodes_known(connection, source.nodes)) < len(source.nodes):
        fault = Fault("#/nodes", "unknown_node", "one of them does not exist; make it first")
        raise Invalid("the source cannot be what it says", faults=(fault,))
    if before is None and await count_sources(connection) >= MOST:
        raise Conflict(f"there are {MOST} sources, and may be no more", effect="none")
    if before is not None and before.semantics != source.semantics and await has_spoken(connection, source.source_id):
        detail = "what the numbers of a source mean cannot change once it has told some; make another source"
        raise Conflict(detail, effect="none")
