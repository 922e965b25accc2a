"""The pretend payment provider: holds money for a week, takes it in parts, gives it back. Honours keys for 24 hours."""

import secrets

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, money, text
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.operations import DAY, Operation

DECLINED_TOKEN = "tok_declined"  # noqa: S105  a magic word for partners, no secret
LATER = {"capture": "captured", "refund": "refunded"}
HOLD_FOR, LONGEST_HOLD = 7 * DAY, 30 * DAY
TAKE = """
UPDATE authorisations SET captured = captured + ?1,
                          status = CASE WHEN captured + ?1 < amount THEN 'partially_captured' ELSE 'captured' END
 WHERE id = ?2
"""


def hold_for(ledger: Ledger, seconds: int) -> None:
    """How long money is held from now on, over a restart too; what is held already keeps its end."""
    if seconds > LONGEST_HOLD:
        raise Refusal(422, "malformed", f"'seconds' must be at most {LONGEST_HOLD:.0f}")
    ledger.run("INSERT OR REPLACE INTO settings (name, value) VALUES ('hold_for', ?)", str(seconds))


def authorise(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, token = text(body, "reference"), text(body, "token")
    amount, currency = money(body, "amount")
    if token == DECLINED_TOKEN:
        raise declined()
    order_id = str(body.get("order_id") or reference)
    made = f"aut_{secrets.token_hex(10)}"
    held_for = float(ledger.value("SELECT value FROM settings WHERE name = 'hold_for'") or HOLD_FOR)
    expires_at = ledger.now() + held_for
    ledger.run(
        "INSERT INTO authorisations (id, reference, order_id, amount, currency, status, expires_at)"
        " VALUES (?, ?, ?, ?, ?, 'authorised', ?)",
        *(made, reference, order_id, amount, currency, expires_at),
    )
    effect = Effect(
        kind="authorisation", subject=made, order_id=order_id, reference=reference, amount=amount, currency=currency
    )
    answer = {"id": made, "status": "authorised", "reference": reference, "amount": body["amount"]}
    return Answer(201, {**answer, "expires_at": moment(expires_at)}, effect)


def declined() -> Refusal:
    return Refusal(402, "declined", "insufficient funds")


def void(ledger: Ledger, call: Call) -> Answer:
    held = _authorisation(ledger, call.subject)
    answer = {"id": held["id"], "status": "voided"}
    if held["status"] == "voided":
        return Answer(200, answer)
    if held["status"] == "captured":
        raise Refusal(409, "already_captured", "the money was taken and can no longer be given back by a void")
    ledger.run("UPDATE authorisations SET status = 'voided' WHERE id = ?", held["id"])
    return Answer(200, answer, _effect("void", held["id"], held, held["amount"] - held["captured"]))


def capture(ledger: Ledger, call: Call) -> Answer:
    held = _authorisation(ledger, call.subject)
    amount, currency = money(call.body or {}, "amount")
    left = held["amount"] - held["captured"]
    if held["status"] == "captured":
        raise Refusal(409, "already_captured", "all the money of this authorisation was taken before")
    if held["status"] == "voided":
        raise Refusal(409, "voided", "the money of this authorisation was given back")
    if held["expires_at"] is not None and held["expires_at"] <= ledger.now():
        raise Refusal(409, "expired", f"the money was held until {moment(held['expires_at'])}")
    if currency != held["currency"] or amount > left:
        raise Refusal(422, "amount_too_large", f"only {left} {held['currency']} are held")
    ledger.run(TAKE, amount, held["id"])
    made = f"cap_{secrets.token_hex(10)}"
    taken = {"amount": amount, "currency": currency}
    answer = {"id": made, "status": "captured", "authorisation": held["id"], "amount": taken}
    return Answer(201, answer, _effect("capture", made, held, amount))


def find_effects(ledger: Ledger, call: Call) -> Answer:
    found = ledger.rows(
        "SELECT e.subject, e.kind, e.key, e.amount, e.currency, a.status, a.expires_at FROM effects e"
        " LEFT JOIN authorisations a ON a.id = e.subject WHERE e.key = ? AND e.system = 'psp' ORDER BY e.sequence",
        call.query.get("key", ""),
    )
    return Answer(200, {"effects": [_found(dict(row)) for row in found]})


def _found(row: Json) -> Json:
    money_of = {"amount": row["amount"], "currency": row["currency"]}
    status = row["status"] or LATER[row["kind"]]  # what has an id of its own, which no authorisation bears
    found = {"id": row["subject"], "kind": row["kind"], "key": row["key"], "amount": money_of, "status": status}
    said = row["kind"] == "authorisation" and row["expires_at"] is not None
    return {**found, "expires_at": moment(row["expires_at"])} if said else found


def _effect(kind: str, subject: str, held: Json, amount: int) -> Effect:
    return Effect(
        kind=kind,
        subject=subject,
        order_id=held["order_id"],
        reference=held["reference"],
        amount=amount,
        currency=held["currency"],
        data={"authorisation": held["id"]},
    )


def _authorisation(ledger: Ledger, named: str) -> Json:
    return ledger.known("authorisations", "authorisation", named)


OPERATIONS = (
    Operation(
        system="psp",
        name="authorise",
        method="POST",
        path="/authorisations",
        run=authorise,
        keys_kept=DAY,
        forward=True,
    ),
    Operation(system="psp", name="void", method="POST", path="/authorisations/{id}/void", run=void, keys_kept=DAY),
    Operation(
        system="psp", name="capture", method="POST", path="/authorisations/{id}/captures", run=capture, keys_kept=DAY
    ),
    Operation(system="psp", name="find_effects", method="GET", path="/effects", run=find_effects),
)
