"""The pretend suppliers: take revisions of purchase orders in, and act on the newest. They honour keys for ever."""

import secrets
from datetime import date

import orjson

from adapters.sandbox import supplier_script
from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, currency, integer, lines, text
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import FOREVER, Operation

SYSTEM = "supplier"
NOBODY = "NOBODY"  # a supplier that cannot be reached
AWAITED = ("confirmation", "shipping_notice")
MESSAGE = """
INSERT INTO supplier_messages (id, reference, po_id, po_number, revision, supplier, status, at)
VALUES (?, ?, ?, ?, ?, ?, 'received', ?)
"""
REMINDER = "INSERT INTO supplier_reminders (id, reference, po_id, awaited, at) VALUES (?, ?, ?, ?, ?)"
ORDER = """
INSERT INTO supplier_orders (po_id, po_number, message, revision, currency, lines, script, state, next_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 'at_work', ?)
"""
REVISED = """
UPDATE supplier_orders SET message = ?, revision = ?, currency = ?, lines = ?, script = ?, place = 0,
       edition = edition + 1, state = 'at_work', next_at = ?, attempts = 0, let_go = 0
 WHERE po_id = ?
"""
DROPPED = "UPDATE supplier_documents SET state = 'dropped' WHERE po_id = ? AND state = 'pending'"
LEFT = "UPDATE supplier_orders SET shipped_at = ? WHERE po_id = ?"
FOUND = """
SELECT e.subject AS id, e.kind, e.key, coalesce(m.status, 'received') AS status
  FROM effects e LEFT JOIN supplier_messages m ON m.id = e.subject
 WHERE e.key = ? AND e.system = 'supplier' ORDER BY e.sequence
"""


def take_message(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, po_id, po_number, revision = _named(body)
    goods = [_line(line) for line in lines(body)]
    made = f"spm_{secrets.token_hex(10)}"
    ledger.run(MESSAGE, made, reference, po_id, po_number, revision, text(body, "supplier_code"), ledger.now())
    _take_order(ledger, made, {**body, "currency": currency(body), "lines": goods})
    about = {"po_number": po_number, "revision": revision}
    effect = Effect(kind="message", subject=made, order_id=po_id, reference=reference, lines=goods, data=about)
    return Answer(201, {"id": made, "status": "received", "reference": reference, **about}, effect)


def take_reminder(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, po_id, _, revision = _named(body)
    awaited = text(body, "awaited")
    if awaited not in AWAITED:
        raise Refusal(400, "malformed", f"'awaited' must be one of {', '.join(AWAITED)}")
    made = f"spr_{secrets.token_hex(10)}"
    ledger.run(REMINDER, made, reference, po_id, awaited, ledger.now())
    told = {"awaited": awaited, "revision": revision}
    effect = Effect(kind="reminder", subject=made, order_id=po_id, reference=reference, data=told)
    return Answer(201, {"id": made, "status": "received", "reference": reference}, effect)


def withdraw_message(ledger: Ledger, call: Call) -> Answer:
    message = find_message(ledger, call.subject)
    reference, po_id = text(call.body or {}, "reference"), message["po_id"]
    answer = {"id": call.subject, "status": "withdrawn"}
    if message["status"] == "withdrawn":
        return Answer(200, answer)
    if ledger.value("SELECT shipped_at FROM supplier_orders WHERE po_id = ?", po_id) is not None:
        raise Refusal(409, "too_late", "the goods have left")
    ledger.run("UPDATE supplier_messages SET status = 'withdrawn' WHERE id = ?", call.subject)
    if ledger.value("SELECT message FROM supplier_orders WHERE po_id = ?", po_id) == call.subject:
        ledger.run("UPDATE supplier_orders SET state = 'withdrawn', edition = edition + 1 WHERE po_id = ?", po_id)
        ledger.run(DROPPED, po_id)
    return Answer(200, answer, Effect(kind="withdrawal", subject=call.subject, order_id=po_id, reference=reference))


def find_effects(ledger: Ledger, call: Call) -> Answer:
    return Answer(200, {"effects": [dict(row) for row in ledger.rows(FOUND, call.query.get("key", ""))]})


def find_message(ledger: Ledger, named: str) -> Json:
    found = ledger.row("SELECT * FROM supplier_messages WHERE id = ?", named)
    if found is None:
        raise Refusal(404, "unknown_message", "there is no such message")
    return dict(found)


def leave(ledger: Ledger, po_id: str, goods: list[Json]) -> None:
    """The goods are on their way, and the order cannot be taken back. Inside a transaction."""
    ledger.run(LEFT, ledger.now(), po_id)
    ledger.book(None, Effect(kind="shipped", subject=po_id, order_id=po_id, lines=goods), system=SYSTEM)


def ship(ledger: Ledger, named: str) -> None:
    """What the message asked for leaves, and no document says so. Inside a transaction."""
    message = find_message(ledger, named)
    if message["status"] == "withdrawn":
        raise Refusal(409, "not_possible", "the message was withdrawn")
    written = ledger.value("SELECT lines FROM supplier_orders WHERE po_id = ?", message["po_id"])
    leave(ledger, message["po_id"], orjson.loads(written))


def _take_order(ledger: Ledger, message: str, body: Json) -> None:
    """A newer revision is worked on instead of the older one; an older one, come late, is only kept."""
    po_id, revision, now = body["po_id"], body["revision"], ledger.now()
    known = ledger.row("SELECT * FROM supplier_orders WHERE po_id = ?", po_id)
    wanted = (revision, body["currency"], orjson.dumps(body["lines"]))
    if known is None:
        script = supplier_script.written_for(ledger, body["po_number"])
        ledger.run(ORDER, po_id, body["po_number"], message, *wanted, orjson.dumps(script), now)
    elif revision > known["revision"] or (revision == known["revision"] and known["state"] == "withdrawn"):
        rest = supplier_script.revised(orjson.loads(known["script"]), known["place"])
        ledger.run(REVISED, message, *wanted, orjson.dumps(rest), now, po_id)
        ledger.run(DROPPED, po_id)
    elif revision == known["revision"]:
        ledger.run("UPDATE supplier_orders SET message = ? WHERE po_id = ?", message, po_id)


def _named(body: Json) -> tuple[str, str, str, int]:
    if text(body, "supplier_code").upper() == NOBODY:
        raise Refusal(422, "unknown_supplier", "nobody can reach that supplier")
    texts = text(body, "reference"), text(body, "po_id"), text(body, "po_number")
    return *texts, integer(body, "revision", least=1)


def _line(line: Json) -> Json:
    integer(line, "unit_price")
    try:
        date.fromisoformat(text(line, "requested_date"))
    except ValueError as error:
        raise Refusal(400, "malformed", "'requested_date' must be a day like 2026-11-23") from error
    return {name: line[name] for name in ("line_id", "sku", "quantity", "unit_price", "requested_date")}


OPERATIONS = (
    Operation(
        system=SYSTEM,
        name="take_message",
        method="POST",
        path="/messages",
        run=take_message,
        keys_kept=FOREVER,
        forward=True,
    ),
    Operation(
        system=SYSTEM,
        name="take_reminder",
        method="POST",
        path="/reminders",
        run=take_reminder,
        keys_kept=FOREVER,
    ),
    Operation(
        system=SYSTEM,
        name="withdraw_message",
        method="POST",
        path="/messages/{id}/withdraw",
        run=withdraw_message,
        keys_kept=FOREVER,
    ),
    Operation(system=SYSTEM, name="find_effects", method="GET", path="/effects", run=find_effects),
)
