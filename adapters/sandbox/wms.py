"""The pretend warehouse, of one node or several: ships what was released to it, unless told in time not to. Honours
keys for ever."""

import secrets

import orjson

from adapters.sandbox import shelves
from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, demand, lines, record, text
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.operations import FOREVER, Operation
from adapters.sandbox.shelves import MAIN, Cause

MOST_AT_ONCE = 1000
INSERT = """
INSERT INTO shipments (id, reference, order_id, status, node, lines, released_at, traceparent, fault, delay, copies)
VALUES (?, ?, ?, 'released', ?, ?, ?, ?, ?, ?, ?)
"""
LEFT = """
SELECT sequence, subject, reference, order_id, at FROM effects
 WHERE system = 'wms' AND kind = 'shipped' AND sequence > ? ORDER BY sequence LIMIT ?
"""


def create_shipment(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, order_id, node = text(body, "reference"), text(body, "order_id"), named_node(body)
    wanted = [{name: line[name] for name in ("line_id", "sku", "quantity")} for line in lines(body)]
    record(body, "ship_to")  # asked for, as a warehouse would, and not kept: a pretend parcel needs no address
    now = ledger.now()
    shelves.allocate(ledger, node, demand(wanted), Cause("order", order_id, now))
    made, fault = f"shp_{secrets.token_hex(10)}", call.callback_fault
    mishap = (fault.kind, fault.delay, fault.copies) if fault else (None, 0.0, 1)
    ledger.run(INSERT, made, reference, order_id, node, orjson.dumps(wanted), now, call.traceparent, *mishap)
    at = {"node": node}
    effect = Effect(kind="shipment", subject=made, order_id=order_id, reference=reference, lines=wanted, data=at)
    return Answer(201, {"id": made, "status": "released", "reference": reference, "node": node}, effect)


def named_node(body: Json) -> str:
    return text(body, "node") if body.get("node") is not None else MAIN


def cancel_shipment(ledger: Ledger, call: Call) -> Answer:
    shipment = find_shipment(ledger, call.subject)
    reference = text(call.body or {}, "reference")
    answer = {"id": call.subject, "status": "cancelled"}
    if shipment["status"] == "cancelled":
        return Answer(200, answer)
    if shipment["status"] == "shipped":
        raise Refusal(409, "too_late", "the parcel has left the warehouse")
    promised, cause = demand(orjson.loads(shipment["lines"])), Cause("order", shipment["order_id"], ledger.now())
    shelves.give_back(ledger, shipment["node"], promised, cause)
    ledger.run("UPDATE shipments SET status = 'cancelled' WHERE id = ?", call.subject)
    effect = Effect(kind="cancel", subject=call.subject, order_id=shipment["order_id"], reference=reference)
    return Answer(200, answer, effect)


def get_shipment(ledger: Ledger, call: Call) -> Answer:
    shipment = find_shipment(ledger, call.subject)
    shipped_at = moment(shipment["shipped_at"]) if shipment["shipped_at"] else None
    shown = {name: shipment[name] for name in ("id", "status", "reference", "order_id", "node")}
    return Answer(200, {**shown, "shipped_at": shipped_at, "lines": orjson.loads(shipment["lines"])})


def find_effects(ledger: Ledger, call: Call) -> Answer:
    found = ledger.rows(
        "SELECT e.subject AS id, e.kind, e.key, s.status FROM effects e JOIN shipments s ON s.id = e.subject"
        " WHERE e.key = ? AND e.system = 'wms' ORDER BY e.sequence",
        call.query.get("key", ""),
    )
    return Answer(200, {"effects": [dict(row) for row in found]})


def get_changes(ledger: Ledger, call: Call) -> Answer:
    after, limit = _after(call), _limit(call)
    found = ledger.rows(LEFT, after, limit + 1)
    changes = [
        {
            "type": "shipment.shipped",
            "shipment_id": row["subject"],
            "reference": row["reference"],
            "order_id": row["order_id"],
            "shipped_at": moment(row["at"]),
        }
        for row in found[:limit]
    ]
    last = found[len(changes) - 1]["sequence"] if changes else after
    return Answer(200, {"changes": changes, "last": str(last), "more": len(found) > limit})


def get_stock(ledger: Ledger, call: Call) -> Answer:
    limit, node = _limit(call), call.query.get("node")
    found = shelves.positions(ledger, node, call.query.get("after", ""), limit + 1)
    page, more = found[:limit], len(found) > limit
    following = f"{page[-1]['node']}/{page[-1]['sku']}" if more else None
    return Answer(200, {"as_of": moment(ledger.now()), "positions": page, "next": following})


def get_stock_changes(ledger: Ledger, call: Call) -> Answer:
    after, limit = _after(call), _limit(call)
    found = shelves.changes(ledger, after, limit + 1)
    places = [each.pop("place") for each in found]
    changes, last = found[:limit], places[:limit][-1] if places else after
    return Answer(200, {"changes": changes, "last": str(last), "more": len(found) > limit})


def _after(call: Call) -> int:
    after = call.query.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise Refusal(400, "malformed", "'after' must be the number that an earlier page ended with")
    return int(after)


def _limit(call: Call) -> int:
    limit = call.query.get("limit", str(MOST_AT_ONCE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST_AT_ONCE):
        raise Refusal(400, "malformed", f"'limit' must be a number from 1 to {MOST_AT_ONCE}")
    return int(limit)


def find_shipment(ledger: Ledger, named: str) -> Json:
    return ledger.known("shipments", "shipment", named)


OPERATIONS = (
    Operation(
        system="wms",
        name="create_shipment",
        method="POST",
        path="/shipments",
        run=create_shipment,
        keys_kept=FOREVER,
        forward=True,
    ),
    Operation(
        system="wms",
        name="cancel_shipment",
        method="POST",
        path="/shipments/{id}/cancel",
        run=cancel_shipment,
        keys_kept=FOREVER,
    ),
    Operation(system="wms", name="get_shipment", method="GET", path="/shipments/{id}", run=get_shipment),
    Operation(system="wms", name="find_effects", method="GET", path="/effects", run=find_effects),
    Operation(system="wms", name="get_stock", method="GET", path="/stock", run=get_stock),
    Operation(system="wms", name="get_stock_changes", method="GET", path="/stock/changes", run=get_stock_changes),
    Operation(system="wms", name="get_changes", method="GET", path="/changes", run=get_changes),
)
