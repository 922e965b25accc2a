"""Nodes and positions, as operations set and see them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import TERMS
from gateway.domain.nodes import breaches_of_node, node_from
from gateway.domain.time import rfc3339
from gateway.refusals import Conflict, Fault, Invalid, NotFound, PreconditionFailed
from gateway.resources.answers import JSON
from gateway.resources.inventory.schemas import Node, NodeList, SafetyStockReceipt
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of, tags_expected
from gateway.store import audit
from gateway.store.accept import outcome_told
from gateway.store.idempotency import answered, given_before, keep
from gateway.store.node_truth import set_node
from gateway.store.nodes import MOST, NodeRow, all_nodes, count_nodes, has_source, lock_node, read_node
from gateway.store.pool import Connection, Database
from gateway.store.positions import PositionRow, list_positions, safety_stock_of, set_safety_stock
from gateway.store.stock import lock_positions

_ABSENT = "there is no such node"


async def node_list(database: Database) -> bytes:
    nodes: NodeList = {"nodes": [node_view(row) for row in await all_nodes(database)]}
    return orjson.dumps(nodes)


async def node_of(database: Database, call: Call) -> NodeRow:
    row = await read_node(database, call.path_parameters["node_id"])
    if row is None:
        raise NotFound(_ABSENT)
    return row


def node_view(row: NodeRow) -> Node:
    node = row.node
    view: dict[str, Any] = {
        "node_id": node.node_id,
        "version": row.version,
        "type": node.type,
        "name": node.name,
        "status": node.status,
        "priority": node.priority,
        "source_id": node.source_id,
        **node.features,
        "updated_at": rfc3339(row.updated_at),
    }
    return view  # type: ignore[return-value]


async def put(database: Database, call: Call, *, if_match: Sequence[str], only_new: bool, mint: Mint) -> NodeRow:
    """Make or replace the node, in one commit with its audit row."""
    node = node_from(call.path_parameters["node_id"], call.body)
    if faults := tuple(Fault(*breach) for breach in breaches_of_node(call.body)):
        raise Invalid("the node cannot be what it says", faults=faults)
    expected = tags_expected(if_match)
    with outcome_told(call):
        async with database.transaction() as connection:
            before = await lock_node(connection, node.node_id)
            _refuse_unless_expected(before, expected, named=bool(if_match), only_new=only_new)
            if not await has_source(connection, node.source_id):
                fault = Fault("#/source_id", "unknown_source", "there is no such source; make it first")
                raise Invalid("the node cannot be what it says", faults=(fault,))
            if before is None and await count_nodes(connection) >= MOST:
                raise Conflict(f"there are {MOST} nodes, and may be no more", effect="none")
            call.effect = "unknown"
            row = await set_node(connection, before, node, now=call.now)
            await audit.record(connection, call, f"node:{node.node_id}", audit_id=mint("aud"))
        call.effect = "applied"
        return row


def _refuse_unless_expected(
    before: NodeRow | None, expected: frozenset[str] | None, *, named: bool, only_new: bool
) -> None:
    if only_new and before is not None:
        raise PreconditionFailed(f"the node is there, at version {before.version}", effect="none")
    if named and before is None:
        raise PreconditionFailed("there is no such node yet", effect="none")
    if before is not None and expected is not None and etag_of(before.version) not in expected:
        raise PreconditionFailed(f"the node is at version {before.version}", effect="none")


async def keep_back(database: Database, call: Call, *, mint: Mint) -> Answer:
    """Set safety stock: all lines or none."""
    if call.given_before:
        return call.given_before.answer
    wanted = {
        (line["sku"].upper(), line["node_id"], line.get("condition", "new")): line["safety_stock"]
        for line in call.body["lines"]
    }
    with outcome_told(call):
        async with database.transaction() as connection:
            await lock_positions(connection, [(sku, node) for sku, node, _ in wanted])
            if given := await answered(connection, call):  # by a copy that held the locks meanwhile
                return given
            return await _kept_back(connection, call, wanted, mint=mint)


async def _kept_back(
    connection: Connection, call: Call, wanted: dict[tuple[str, str, str], int], *, mint: Mint
) -> Answer:
    before = await safety_stock_of(connection, list(wanted))
    _refuse_unknown(call, before)
    changed: SafetyStockReceipt = {"changed": sum(before[place] != kept for place, kept in wanted.items())}
    answer = Answer(200, {"content-type": JSON}, orjson.dumps(changed))
    assert call.check_answer is not None, "the contract stage has run"
    call.check_answer(answer.status, answer.headers, answer.body)
    call.effect = "unknown"
    if not await keep(connection, call, "safety-stock", answer):
        return await given_before(connection, call)
    await audit.record(connection, call, "safety-stock", audit_id=mint("aud"))
    await set_safety_stock(connection, wanted)
    return answer


def _refuse_unknown(call: Call, known: dict[tuple[str, ...], int]) -> None:
    faults = tuple(
        Fault(f"#/lines/{index}", "not_stocked", "there is no such position")
        for index, line in enumerate(call.body["lines"])
        if (line["sku"].upper(), line["node_id"], line.get("condition", "new")) not in known
    )
    if faults:
        raise Invalid("some of these are not stocked", faults=faults[:100])


async def position_page(database: Database, pages: PageTokens, call: Call) -> bytes:
    node_id = call.query.get("node_id")
    sku = call.query["sku"].upper() if "sku" in call.query else None
    question = ("list_positions", call.caller.subject, node_id, sku)
    found = partial(list_positions, database, node_id=node_id, sku=sku)
    rows, following = await pages.page(call, question, found, end=_place)
    return orjson.dumps({"positions": [_position(row) for row in rows], "next_page_token": following})


def _place(row: PositionRow) -> tuple[str, str, str]:
    return row.position.node_id, row.position.sku, row.position.condition


def _position(row: PositionRow) -> dict[str, Any]:
    position = row.position
    view = {
        "sku": position.sku,
        "node_id": position.node_id,
        "condition": position.condition,
        **dict(zip(TERMS, position.quantities, strict=True)),
        "backordered": row.backordered,
        "available": position.available,
        "confidence": position.confidence.value,
        "position_version": position.version,
    }
    return view if position.as_of is None else {**view, "as_of": rfc3339(position.as_of)}
