"""What sources report, a batch at a time: facts, each judged for itself, and goods on their way."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.feeds import Delta, Inbound, Source
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.refusals import Fault, Invalid
from gateway.resources.answers import JSON
from gateway.resources.once import Done, once
from gateway.store.feeds import take_deltas
from gateway.store.pool import Connection, Database
from gateway.store.sources import expect, nodes_known
from gateway.store.views import Hearing

AHEAD = timedelta(minutes=5)  # of our clock, at most
_MOST_FAULTS = 100


async def report_deltas(
    database: Database, call: Call, source: Source, *, policy: InventoryPolicy, mint: Mint
) -> Answer:
    hearing = Hearing(call.now, mint, policy)
    return await once(database, call, partial(_deltas, call, source, hearing), mint=mint)


async def _deltas(call: Call, source: Source, hearing: Hearing, connection: Connection) -> Done:
    told = call.body["deltas"]
    nodes = source.reach(await nodes_known(connection, {delta["node_id"] for delta in told}))
    refused = {index: code for index, delta in enumerate(told) if (code := _refusal(delta, nodes, call.now))}
    taken = [_delta(delta) for index, delta in enumerate(told) if index not in refused]
    outcomes = await take_deltas(connection, source, taken, hearing) if taken else {}
    results, seen = [], set[str]()
    for index, delta in enumerate(told):
        event = delta["event_id"]
        if index in refused:
            results.append({"event_id": event, "outcome": "refused", "code": refused[index]})
            continue
        results.append({"event_id": event, "outcome": "duplicate" if event in seen else outcomes[event]})
        seen.add(event)
    answer = Answer(200, {"content-type": JSON}, orjson.dumps({"results": results}))
    return Done(f"source:{source.source_id}", answer)


def _refusal(delta: Mapping[str, Any], nodes: set[str], now: datetime) -> str | None:
    if delta["delta"] == 0:
        return "no_change"
    if delta["node_id"] not in nodes:
        return "unknown_node"
    return "in_the_future" if datetime.fromisoformat(delta["occurred_at"]) > now + AHEAD else None


def _delta(body: Mapping[str, Any]) -> Delta:
    return Delta(
        body["event_id"],
        (body["sku"].upper(), body["node_id"], body.get("condition", "new")),
        body["delta"],
        body["reason"],
        datetime.fromisoformat(body["occurred_at"]),
        body.get("bucket", "on_hand"),
        body.get("reference"),
        body.get("sequence"),
    )


async def report_inbound(database: Database, call: Call, source: Source, *, mint: Mint) -> Answer:
    return await once(database, call, partial(_inbound, call, source), mint=mint)


async def _inbound(call: Call, source: Source, connection: Connection) -> Done:
    lines = call.body["lines"]
    nodes = source.reach(await nodes_known(connection, {line["node_id"] for line in lines}))
    faults = tuple(
        Fault(f"#/lines/{index}/node_id", "unknown_node", "there is no such node, or none of this source's")
        for index, line in enumerate(lines)
        if line["node_id"] not in nodes
    )
    if faults:
        raise Invalid(
            "goods are on their way to nodes that do not exist, or that the source does not speak of",
            faults=faults[:_MOST_FAULTS],
        )
    goods = {(line["document"], line["document_line"]): _goods(line) for line in lines}  # the last one told counts
    changed = await expect(connection, source.source_id, list(goods.values()), now=call.now)
    answer = Answer(200, {"content-type": JSON}, orjson.dumps({"changed": changed}))
    return Done(f"source:{source.source_id}", answer)


def _goods(line: Mapping[str, Any]) -> Inbound:
    return Inbound(
        line["document"],
        line["document_line"],
        line["sku"].upper(),
        line["node_id"],
        line["quantity"],
        datetime.fromisoformat(line["eta"]),
        float(line["confidence"]),  # JSON has one kind of number, 1 and 0.5 alike
    )
