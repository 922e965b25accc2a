"""A pretend provider that speaks as Stripe does, and as strictly: holds money, gives it back, takes it, refunds it."""

import secrets
from collections.abc import Mapping

import orjson

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import DAY, Operation
from adapters.sandbox.stripe_form import STRIPE, StripeRefusal, error, fields, integer, metadata
from adapters.sandbox.stripe_objects import BACK, Row, capture_before, charge, intent, listed, refund, tell

SYSTEM = "stripe"
CREATE = frozenset(
    ("amount", "currency", "confirm", "capture_method", "payment_method", "payment_method_types[]", "return_url")
) | {
    "error_on_requires_action",
    "payment_method_data[type]",
    "payment_method_data[card][token]",
    "description",
    "expand[]",
}
LEAST, MOST = 50, 99_999_999
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
CHALLENGED = frozenset({"pm_card_authenticationRequired", "pm_card_threeDSecure2Required"})
DECLINES = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card"),
    "pm_card_chargeCustomerFail": ("card_declined", "generic_decline"),
    "tok_chargeDeclined": ("card_declined", "generic_decline"),
}
CARDS = frozenset({"pm_card_visa", "pm_card_mastercard", "pm_card_amex", "tok_visa", *DECLINES, *CHALLENGED})
INSERT = """
INSERT INTO stripe_intents (id, key, created, amount, currency, status, payment_method, metadata)
VALUES (?, ?, ?, ?, ?, 'requires_payment_method', ?, ?)
"""


def create(ledger: Ledger, call: Call) -> Answer:
    body = fields(call.body, CREATE)
    amount, currency = integer(body, "amount"), _currency(body)
    _refuse_amount(amount, currency)
    if body.get("confirm") != "true" or body.get("capture_method") != "manual":
        raise StripeRefusal(400, None, "The sandbox takes confirmed payments that are captured later only")
    token = body.get("payment_method") or body.get("payment_method_data[card][token]", "")
    if token not in CARDS:
        raise StripeRefusal(400, "resource_missing", f"No such PaymentMethod: '{token[:64]}'", param="payment_method")
    made, kept = f"pi_{secrets.token_hex(12)}", orjson.dumps(metadata(body))
    ledger.run(INSERT, made, call.key, int(ledger.now()), amount, currency, token, kept)
    if token in DECLINES:
        return _decline(ledger, call, made, *DECLINES[token])
    if token not in CHALLENGED:
        held = hold(ledger, made, traceparent=call.traceparent)
        expand = body.get("expand[]") == "latest_charge"
        return Answer(200, intent(ledger, _intent(ledger, made), expand=expand), held)
    if body.get("error_on_requires_action") == "true":
        return _decline(ledger, call, made, "authentication_required", "authentication_required")
    page = f"{call.address}stripe/_authenticate?payment_intent={made}"
    _set(ledger, made, status="requires_action", next_action=page)
    return Answer(200, _told(ledger, "payment_intent.requires_action", made, call.traceparent))


def hold(ledger: Ledger, named: str, *, traceparent: str | None) -> Effect:
    """The bank has said yes: the money is held."""
    charged = {"charge": f"ch_{secrets.token_hex(12)}", "charge_status": "succeeded"}
    _set(ledger, named, status="requires_capture", next_action=None, **charged)
    _told(ledger, "payment_intent.amount_capturable_updated", named, traceparent)
    row = _intent(ledger, named)
    return _effect("authorisation", named, row, row["amount"])


def fail(ledger: Ledger, named: str, code: str, decline_code: str, *, traceparent: str | None) -> Json:
    """The bank has said no: an intent stays, and nothing is held."""
    why = {"type": "card_error", "code": code, "decline_code": decline_code, "message": "Your card was declined."}
    charged = {"charge": f"ch_{secrets.token_hex(12)}", "charge_status": "failed"}
    _set(ledger, named, status="requires_payment_method", next_action=None, error=orjson.dumps(why), **charged)
    return _told(ledger, "payment_intent.payment_failed", named, traceparent)


def _decline(ledger: Ledger, call: Call, named: str, code: str, decline_code: str) -> Answer:
    failed = fail(ledger, named, code, decline_code, traceparent=call.traceparent)
    more = {"decline_code": decline_code, "payment_intent": failed}
    return Answer(402, error("card_error", code, "Your card was declined.", **more))


def cancel(ledger: Ledger, call: Call) -> Answer:
    fields(call.body, frozenset({"cancellation_reason"}))
    row = _intent(ledger, call.subject)
    if row["status"] in ("canceled", "succeeded"):
        raise _unexpected(ledger, row, "cancel")
    _set(ledger, row["id"], status="canceled", canceled_at=int(ledger.now()), next_action=None)
    told = _told(ledger, "payment_intent.canceled", row["id"], call.traceparent)
    held = row["status"] == "requires_capture"
    return Answer(200, told, _effect("void", row["id"], row, row["amount"]) if held else None)


def capture(ledger: Ledger, call: Call) -> Answer:
    body = fields(call.body, frozenset({"amount_to_capture"}))
    row = _intent(ledger, call.subject)
    if row["status"] != "requires_capture":
        raise _unexpected(ledger, row, "capture")
    if capture_before(row) <= ledger.now():
        said = "The charge cannot be captured as the authorization has expired."
        raise StripeRefusal(400, "charge_expired_for_capture", said)
    amount = integer(body, "amount_to_capture") if "amount_to_capture" in body else row["amount"]
    if not 1 <= amount <= row["amount"]:
        said = "The amount to capture is greater than the authorized amount."
        raise StripeRefusal(400, "amount_too_large", said, param="amount_to_capture")
    _set(ledger, row["id"], status="succeeded", captured=amount)
    told = _told(ledger, "payment_intent.succeeded", row["id"], call.traceparent)
    return Answer(200, told, _effect("capture", row["id"], row, amount))


def give_back(ledger: Ledger, call: Call) -> Answer:
    body = fields(call.body, frozenset({"payment_intent", "amount"}))
    row = _intent(ledger, body.get("payment_intent", ""))
    if row["status"] != "succeeded":
        raise _unexpected(ledger, row, "refund")
    left = row["captured"] - ledger.value(BACK, row["id"])
    if left == 0:
        raise StripeRefusal(400, "charge_already_refunded", f"Charge {row['charge']} has already been refunded.")
    amount = integer(body, "amount") if "amount" in body else left
    if not 1 <= amount <= left:
        raise StripeRefusal(
            400, None, f"Refund amount ({amount}) is greater than what is left ({left})", param="amount"
        )
    made = f"re_{secrets.token_hex(12)}"
    ledger.run(
        "INSERT INTO stripe_refunds (id, created, intent, charge, amount, currency, metadata) VALUES (?,?,?,?,?,?,?)",
        *(made, int(ledger.now()), row["id"], row["charge"], amount, row["currency"], orjson.dumps(metadata(body))),
    )
    tell(ledger, "charge.refunded", charge(ledger, row), traceparent=call.traceparent)
    [done] = ledger.rows("SELECT * FROM stripe_refunds WHERE id = ?", made)
    return Answer(200, refund(dict(done)), _effect("refund", made, row, amount))


def retrieve(ledger: Ledger, call: Call) -> Answer:
    expand = call.query.get("expand[]") == "latest_charge"
    return Answer(200, intent(ledger, _intent(ledger, call.subject), expand=expand))


def list_intents(ledger: Ledger, call: Call) -> Answer:
    rows, more = _page(ledger, "stripe_intents", call.query)
    expand = call.query.get("expand[]") == "data.latest_charge"
    found = [intent(ledger, row, expand=expand) for row in rows]
    return Answer(200, listed("/v1/payment_intents", found, more=more))


def list_refunds(ledger: Ledger, call: Call) -> Answer:
    _intent(ledger, call.query.get("payment_intent", ""))
    rows, more = _page(ledger, "stripe_refunds", call.query, intent=call.query["payment_intent"])
    return Answer(200, listed("/v1/refunds", [refund(row) for row in rows], more=more))


def _page(ledger: Ledger, table: str, query: Mapping[str, str], **like: str) -> tuple[list[Row], bool]:
    """Newest first, behind `starting_after`."""
    if unknown := query.keys() - {"limit", "starting_after", "expand[]", "payment_intent"}:
        raise StripeRefusal(400, "parameter_unknown", f"Received unknown parameter: {min(unknown)}", param=min(unknown))
    limit = integer({"limit": "10", **query}, "limit")
    if not 1 <= limit <= 100:
        raise StripeRefusal(400, None, "limit must be from 1 to 100", param="limit")
    after = query.get("starting_after")
    last = ledger.value(f"SELECT sequence FROM {table} WHERE id = ?", after) if after else 2**62  # noqa: S608
    if last is None:
        raise StripeRefusal(400, "resource_missing", f"No such object: '{after}'", param="starting_after")
    conditions = "".join(f" AND {name} = ?" for name in like)
    statement = f"SELECT * FROM {table} WHERE sequence < ?{conditions} ORDER BY sequence DESC LIMIT ?"  # noqa: S608
    rows = ledger.rows(statement, last, *like.values(), limit + 1)
    return [dict(row) for row in rows[:limit]], len(rows) > limit


def _intent(ledger: Ledger, named: str) -> Row:
    found = ledger.row("SELECT * FROM stripe_intents WHERE id = ?", named)
    if found is None:
        raise StripeRefusal(404, "resource_missing", f"No such payment_intent: '{named[:64]}'", param="intent")
    return dict(found)


def _set(ledger: Ledger, named: str, **values: object) -> None:
    changed = ", ".join(f"{name} = ?" for name in values)  # names are this file's own
    ledger.run(f"UPDATE stripe_intents SET {changed} WHERE id = ?", *values.values(), named)  # noqa: S608


def _told(ledger: Ledger, kind: str, named: str, traceparent: str | None) -> Json:
    told = intent(ledger, _intent(ledger, named))
    tell(ledger, kind, told, traceparent=traceparent)
    return told


def _effect(kind: str, subject: str, row: Row, amount: int) -> Effect:
    about = orjson.loads(row["metadata"]).get("order_id")
    facts = {"reference": about, "amount": amount, "currency": str(row["currency"]).upper(), "key": row["key"]}
    return Effect(kind=kind, subject=subject, order_id=about, data={"payment_intent": row["id"]}, **facts)


def _unexpected(ledger: Ledger, row: Row, verb: str) -> Refusal:
    said = f"This PaymentIntent could not be used to {verb} because it has a status of {row['status']}."
    return StripeRefusal(400, "payment_intent_unexpected_state", said, payment_intent=intent(ledger, row))


def _currency(body: Mapping[str, str]) -> str:
    code = body.get("currency", "")
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.islower()):
        raise StripeRefusal(400, None, f"Invalid currency: {code[:8]}", param="currency")
    return code


def _refuse_amount(amount: int, currency: str) -> None:
    if amount < LEAST:
        raise StripeRefusal(400, "amount_too_small", "Amount is below the least that can be charged.", param="amount")
    if amount > MOST:
        raise StripeRefusal(400, "amount_too_large", "Amount must be no more than 99999999.", param="amount")
    if currency in THREE_DECIMALS and amount % 10:
        raise StripeRefusal(400, None, f"Amounts in {currency} must be divisible by 10.", param="amount")


def _operation(name: str, method: str, path: str, run: object) -> Operation:
    kept = 0.0 if method == "GET" else DAY
    return Operation(system=SYSTEM, name=name, method=method, path=path, run=run, keys_kept=kept, dialect=STRIPE)  # type: ignore[arg-type]


OPERATIONS = (
    _operation("authorise", "POST", "/v1/payment_intents", create),
    _operation("void", "POST", "/v1/payment_intents/{id}/cancel", cancel),
    _operation("capture", "POST", "/v1/payment_intents/{id}/capture", capture),
    _operation("refund", "POST", "/v1/refunds", give_back),
    _operation("get_payment", "GET", "/v1/payment_intents/{id}", retrieve),
    _operation("list_payments", "GET", "/v1/payment_intents", list_intents),
    _operation("list_refunds", "GET", "/v1/refunds", list_refunds),
)
