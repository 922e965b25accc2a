"""The pretend stores: each picks what it is asked for, or says why not. They honour keys for ever."""

import secrets
from collections.abc import Mapping
from datetime import datetime

import orjson

from adapters.sandbox import shelves
from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, demand, lines, text
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.operations import FOREVER, Operation
from adapters.sandbox.shelves import Cause

METHODS = ("pickup", "curbside", "ship")
INSERT = """
INSERT INTO tasks (id, reference, order_id, node, method, until, lines, status, waits, at,
                   traceparent, fault, delay, copies)
VALUES (?, ?, ?, ?, ?, ?, ?, 'asked', 1, ?, ?, ?, ?, ?)
"""
FOUND = """
SELECT e.subject AS id, e.kind, e.key, t.status FROM effects e JOIN tasks t ON t.id = e.subject
 WHERE e.key = ? AND e.system = 'store' ORDER BY e.sequence
"""


def create_task(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, order_id, node = text(body, "reference"), text(body, "order_id"), text(body, "node")
    wanted = [{name: line[name] for name in ("line_id", "sku", "quantity")} for line in lines(body)]
    shelves.refuse_unknown(ledger, node, demand(wanted))
    made, fault = f"tsk_{secrets.token_hex(10)}", call.callback_fault
    asked = (_method(body), _until(body), orjson.dumps(wanted), ledger.now(), call.traceparent)
    mishap = (fault.kind, fault.delay, fault.copies) if fault else (None, 0.0, 1)
    ledger.run(INSERT, made, reference, order_id, node, *asked, *mishap)
    about = {"node": node, "method": asked[0]}
    effect = Effect(kind="task", subject=made, order_id=order_id, reference=reference, lines=wanted, data=about)
    return Answer(201, {"id": made, "status": "asked", "reference": reference, "node": node}, effect)


def cancel_task(ledger: Ledger, call: Call) -> Answer:
    task = find_task(ledger, call.subject)
    reference = text(call.body or {}, "reference")
    if task["status"] in ("cancelled", "rejected"):
        return Answer(200, {"id": call.subject, "status": task["status"]})
    if task["status"] == "handed_over":
        raise Refusal(409, "too_late", "the goods were handed over")
    now = ledger.now()
    shelves.give_back(ledger, task["node"], promised(task), Cause("order", task["order_id"], now))
    ledger.run("UPDATE tasks SET status = 'cancelled', waits = 0, at = ? WHERE id = ?", now, call.subject)
    effect = Effect(kind="cancel", subject=call.subject, order_id=task["order_id"], reference=reference)
    return Answer(200, {"id": call.subject, "status": "cancelled"}, effect)


def get_task(ledger: Ledger, call: Call) -> Answer:
    task = find_task(ledger, call.subject)
    plain = ("id", "status", "reference", "order_id", "node", "method", "until", "reason", "lines", "picked")
    return Answer(200, {**{name: task[name] for name in plain}, "at": moment(task["at"])})


def find_effects(ledger: Ledger, call: Call) -> Answer:
    return Answer(200, {"effects": [dict(row) for row in ledger.rows(FOUND, call.query.get("key", ""))]})


def find_task(ledger: Ledger, named: str) -> Json:
    return read(ledger.known("tasks", "task", named))


def read(row: Json) -> Json:
    return {**row, "lines": orjson.loads(row["lines"]), "picked": orjson.loads(row["picked"])}


def promised(task: Json) -> Mapping[str, int]:
    """Units of each SKU that lie aside for the task, as it stands."""
    match task["status"]:
        case "accepted":
            return demand(task["lines"])
        case "ready":
            return demand([{**line, "quantity": task["picked"][line["line_id"]]} for line in task["lines"]])
    return {}


def _method(body: Json) -> str:
    method = text(body, "method")
    if method not in METHODS:
        raise Refusal(400, "malformed", f"'method' must be one of {', '.join(METHODS)}")
    return method


def _until(body: Json) -> str:
    until = text(body, "until")
    try:
        aware = datetime.fromisoformat(until).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise Refusal(400, "malformed", "'until' must be a moment like 2026-11-23T10:00:00Z")
    return until


OPERATIONS = (
    Operation(
        system="store",
        name="create_task",
        method="POST",
        path="/tasks",
        run=create_task,
        keys_kept=FOREVER,
        forward=True,
    ),
    Operation(
        system="store",
        name="cancel_task",
        method="POST",
        path="/tasks/{id}/cancel",
        run=cancel_task,
        keys_kept=FOREVER,
    ),
    Operation(system="store", name="get_task", method="GET", path="/tasks/{id}", run=get_task),
    Operation(system="store", name="find_effects", method="GET", path="/effects", run=find_effects),
)
