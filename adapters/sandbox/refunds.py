"""The pretend payment provider's refunds: each is told of when it is done, and may fail days later after all."""

import secrets

import orjson

from adapters.sandbox.answers import Answer, Call, Effect, Refusal, money
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.operations import DAY, Operation

CAPTURE = "SELECT * FROM effects WHERE system = 'psp' AND kind = 'capture' AND subject = ?"
REFUNDED = """
SELECT coalesce(sum(amount), 0) FROM refunds
 WHERE capture = ? AND id NOT IN (SELECT refund FROM refund_failures)
"""
DONE = "SELECT * FROM effects WHERE system = 'psp' AND kind = 'refund' AND subject = ?"
FAILED = "SELECT 1 FROM refund_failures WHERE refund = ?"
CALLBACK = """
INSERT INTO psp_callbacks (id, type, refund, body, traceparent, state, copies, next_at)
VALUES (?, ?, ?, ?, ?, 'pending', 1, ?)
"""


def refund(ledger: Ledger, call: Call) -> Answer:
    taken = ledger.row(CAPTURE, call.subject)
    if taken is None:
        raise Refusal(404, "unknown_capture", "there is no such capture")
    amount, currency = money(call.body or {}, "amount", least=1)
    left = taken["amount"] - ledger.value(REFUNDED, call.subject)
    if currency != taken["currency"] or amount > left:
        raise Refusal(422, "amount_too_large", f"only {left} {taken['currency']} are left to give back")
    made = f"ref_{secrets.token_hex(10)}"
    ledger.run("INSERT INTO refunds (id, capture, amount) VALUES (?, ?, ?)", made, call.subject, amount)
    effect = Effect(
        kind="refund",
        subject=made,
        order_id=taken["order_id"],
        reference=taken["reference"],
        amount=amount,
        currency=currency,
        data={"capture": call.subject},
    )
    given_back = {"amount": amount, "currency": currency}
    if call.key is not None:
        _tell(ledger, "refund.succeeded", (made, call.key, given_back), traceparent=call.traceparent)
    return Answer(201, {"id": made, "status": "refunded", "capture": call.subject, "amount": given_back}, effect)


def fail(ledger: Ledger, named: str, code: str) -> None:
    """What had succeeded fails after all: the money is back with us, and whoever asked for it is told."""
    done = ledger.row(DONE, named)
    if done is None:
        raise Refusal(404, "unknown_refund", "there is no such refund")
    if ledger.row(FAILED, named) is not None:
        raise Refusal(409, "already_failed", "the refund has failed already")
    ledger.run("INSERT INTO refund_failures (refund, code, at) VALUES (?, ?, ?)", named, code, ledger.now())
    effect = Effect(
        kind="refund_failed",
        subject=named,
        order_id=done["order_id"],
        reference=done["reference"],
        amount=done["amount"],
        currency=done["currency"],
        data={"code": code},
    )
    ledger.book(None, effect, system="psp")
    if done["key"] is not None:
        given_back = {"amount": done["amount"], "currency": done["currency"]}
        _tell(ledger, "refund.failed", (named, done["key"], given_back), code=code)


def tell_again(ledger: Ledger, named: str) -> int:
    """All that was told of it is told once more, as other messages. How many."""
    told = ledger.rows("SELECT * FROM psp_callbacks WHERE refund = ? ORDER BY sequence", named)
    for row in told:
        ledger.run(
            CALLBACK, f"msg_{secrets.token_hex(12)}", row["type"], named, row["body"], row["traceparent"], ledger.now()
        )
    return len(told)


def _tell(
    ledger: Ledger,
    kind: str,
    about: tuple[str, str, dict[str, object]],
    *,
    traceparent: str | None = None,
    code: str | None = None,
) -> None:
    """*about*: the refund, the key under which it was asked for, its amount."""
    named, key, amount = about
    now = ledger.now()
    data = {"refund_id": named, "reference": key, "amount": amount, "at": moment(now)}
    body = {"type": kind, "timestamp": moment(now), "data": data | ({"code": code} if code else {})}
    ledger.run(CALLBACK, f"msg_{secrets.token_hex(12)}", kind, named, orjson.dumps(body), traceparent, now)


OPERATIONS = (
    Operation(system="psp", name="refund", method="POST", path="/captures/{id}/refunds", run=refund, keys_kept=DAY),
)
