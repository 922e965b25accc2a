"""The pretend carrier: sells labels, scans parcels and knows where they are. It honours keys for ever."""

import secrets

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, lines, record, text
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.operations import FOREVER, Operation

NAME = "Sandbox Post"
BASE, EACH, CURRENCY = 390, 25, "EUR"  # what a label costs, and each piece in the parcel
NOWHERE = "ZZ"  # a country that ISO 3166 leaves to users: nobody delivers there
SCANS = {"in_transit": ("label_created", "in_transit"), "delivered": ("in_transit",), "lost": ("in_transit",)}
INSERT = """
INSERT INTO labels (id, reference, order_id, status, at, tracking_number, cost)
VALUES (?, ?, ?, 'label_created', ?, ?, ?)
"""
FOUND = """
SELECT e.kind, e.key, l.* FROM effects e JOIN labels l ON l.id = e.subject
 WHERE e.key = ? AND e.system = 'carrier' ORDER BY e.sequence
"""


def create_label(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, order_id, parcel = text(body, "reference"), text(body, "order_id"), lines(body)
    if record(body, "ship_to").get("country") == NOWHERE:  # the address is asked for and not kept
        raise Refusal(422, "address_undeliverable", "nobody delivers there")
    made, number = f"lbl_{secrets.token_hex(10)}", f"SP{secrets.randbelow(10**12):012}"
    cost = BASE + EACH * sum(line["quantity"] for line in parcel)
    ledger.run(INSERT, made, reference, order_id, ledger.now(), number, cost)
    effect = Effect(kind="label", subject=made, order_id=order_id, reference=reference, amount=cost, currency=CURRENCY)
    return Answer(201, _shown(find_label(ledger, made)), effect)


def void_label(ledger: Ledger, call: Call) -> Answer:
    label = find_label(ledger, call.subject)
    reference = text(call.body or {}, "reference")
    if label["status"] == "voided":
        return Answer(200, {"id": call.subject, "status": "voided"})
    if label["status"] != "label_created":
        raise Refusal(409, "too_late", "the parcel was scanned")
    ledger.run("UPDATE labels SET status = 'voided', at = ? WHERE id = ?", ledger.now(), call.subject)
    effect = Effect(kind="void", subject=call.subject, order_id=label["order_id"], reference=reference)
    return Answer(200, {"id": call.subject, "status": "voided"}, effect)


def get_label(ledger: Ledger, call: Call) -> Answer:
    return Answer(200, _shown(find_label(ledger, call.subject)))


def find_effects(ledger: Ledger, call: Call) -> Answer:
    found = [dict(row) for row in ledger.rows(FOUND, call.query.get("key", ""))]
    return Answer(200, {"effects": [{**_shown(row), "kind": row["kind"], "key": row["key"]} for row in found]})


def scan(ledger: Ledger, named: str, status: str) -> None:
    """The parcel was seen. Inside a transaction."""
    label = find_label(ledger, named)
    if status not in SCANS:
        raise Refusal(422, "malformed", f"'status' must be one of {', '.join(SCANS)}")
    if label["status"] not in SCANS[status]:
        raise Refusal(409, "not_possible", f"the parcel is {label['status']}")
    ledger.run("UPDATE labels SET status = ?, at = ? WHERE id = ?", status, ledger.now(), named)
    seen = Effect(kind=status, subject=named, order_id=label["order_id"], reference=label["reference"])
    ledger.book(None, seen, system="carrier")


def find_label(ledger: Ledger, named: str) -> Json:
    return ledger.known("labels", "label", named)


def _shown(label: Json) -> Json:
    plain = {name: label[name] for name in ("id", "status", "reference", "order_id", "tracking_number")}
    return {
        **plain,
        "carrier": NAME,
        "cost": {"amount": label["cost"], "currency": CURRENCY},
        "at": moment(label["at"]),
    }


OPERATIONS = (
    Operation(
        system="carrier",
        name="create_label",
        method="POST",
        path="/labels",
        run=create_label,
        keys_kept=FOREVER,
        forward=True,
    ),
    Operation(
        system="carrier",
        name="void_label",
        method="POST",
        path="/labels/{id}/void",
        run=void_label,
        keys_kept=FOREVER,
    ),
    Operation(system="carrier", name="get_label", method="GET", path="/labels/{id}", run=get_label),
    Operation(system="carrier", name="find_effects", method="GET", path="/effects", run=find_effects),
)
