"""The pretend messenger: fills templates in and sends them, to nobody. It honours keys for ever."""

import secrets

import orjson

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, record, text
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.operations import FOREVER, Operation

TEMPLATES = ("ready_for_pickup", "pickup_reminder", "pickup_expired", "offer")
WAYS = ("email", "phone")
INSERT = "INSERT INTO messages (id, reference, kind, order_id, ways, facts, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
FOUND = """
SELECT e.subject AS id, e.kind, e.key, 'sent' AS status FROM effects e
 WHERE e.key = ? AND e.system = 'notifications' ORDER BY e.sequence
"""


def send_message(ledger: Ledger, call: Call) -> Answer:
    """Whom it goes to is read and forgotten, but for the ways. What it says is kept for whoever plays the customer."""
    body = call.body or {}
    reference, kind, facts = text(body, "reference"), text(body, "kind"), _facts(body)
    to = record(body, "to")
    if kind not in TEMPLATES:
        raise Refusal(422, "unknown_template", f"there is no template of that kind; known: {', '.join(TEMPLATES)}")
    ways = [way for way in WAYS if to.get(way)]
    if not ways:
        raise Refusal(422, "unreachable", "neither an email address nor a phone number is given")
    made, order_id = f"ntf_{secrets.token_hex(10)}", facts.get("order_id")
    ledger.run(INSERT, made, reference, kind, order_id, orjson.dumps(ways), orjson.dumps(facts), ledger.now())
    told = {"template": kind, "ways": ways}
    effect = Effect(kind="message", subject=made, order_id=order_id, reference=reference, data=told)
    return Answer(201, {"id": made, "status": "sent", "reference": reference}, effect)


def find_effects(ledger: Ledger, call: Call) -> Answer:
    return Answer(200, {"effects": [dict(row) for row in ledger.rows(FOUND, call.query.get("key", ""))]})


def messages(ledger: Ledger, order_id: str | None, limit: int) -> Json:
    """The newest messages, of one order or of all."""
    statement = "SELECT * FROM messages WHERE coalesce(?1, order_id) IS order_id ORDER BY sequence DESC LIMIT ?2"
    return {"messages": [_shown(dict(row)) for row in ledger.rows(statement, order_id, limit)]}


def _shown(message: Json) -> Json:
    plain = {name: message[name] for name in ("id", "reference", "kind", "order_id")}
    read = {name: orjson.loads(message[name]) for name in ("ways", "facts")}
    return {**plain, **read, "at": moment(message["at"])}


def _facts(body: Json) -> dict[str, str]:
    facts = record(body, "facts")
    if not all(isinstance(value, str) for value in facts.values()):
        raise Refusal(400, "malformed", "'facts' must be texts by name")
    return facts


OPERATIONS = (
    Operation(
        system="notifications",
        name="send_message",
        method="POST",
        path="/messages",
        run=send_message,
        keys_kept=FOREVER,
    ),
    Operation(system="notifications", name="find_effects", method="GET", path="/effects", run=find_effects),
)
