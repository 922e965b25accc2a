"""Stripe's objects as they are told: payment intents, charges, refunds, lists, and the events about them."""

import secrets
from collections.abc import Mapping
from typing import Any

import orjson

from adapters.sandbox.answers import Json
from adapters.sandbox.ledger import Ledger

VERSION = "2025-09-30.clover"
EVENT = """
INSERT INTO stripe_events (id, type, object, body, traceparent, state, copies, next_at)
VALUES (?, ?, ?, ?, ?, 'pending', 1, ?)
"""
HOLD_FOR = 7 * 24 * 60 * 60
BACK = "SELECT coalesce(sum(amount), 0) FROM stripe_refunds WHERE intent = ?"

Row = Mapping[str, Any]


def intent(ledger: Ledger, row: Row, *, expand: bool = False) -> Json:
    held, taken = row["status"] == "requires_capture", row["status"] == "succeeded"
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": row["next_action"], "return_url": None}}
    return {
        "id": row["id"],
        "object": "payment_intent",
        "amount": row["amount"],
        "amount_capturable": row["amount"] if held else 0,
        "amount_received": row["captured"] if taken else 0,
        "canceled_at": row["canceled_at"],
        "capture_method": "manual",
        "created": row["created"],
        "currency": row["currency"],
        "last_payment_error": orjson.loads(row["error"]) if row["error"] else None,
        "latest_charge": charge(ledger, row) if expand and row["charge"] else row["charge"],
        "livemode": False,
        "metadata": orjson.loads(row["metadata"]),
        "next_action": action if row["next_action"] else None,
        "payment_method": row["payment_method"],
        "payment_method_types": ["card"],
        "status": row["status"],
    }


def capture_before(row: Row) -> int:
    """Until when the money of an intent is held."""
    return int(row["created"]) + HOLD_FOR


def charge(ledger: Ledger, row: Row) -> Json:
    back, taken = ledger.value(BACK, row["id"]), row["status"] == "succeeded"
    return {
        "id": row["charge"],
        "object": "charge",
        "amount": row["amount"],
        "amount_captured": row["captured"],
        "amount_refunded": back,
        "captured": taken,
        "created": row["created"],
        "currency": row["currency"],
        "metadata": orjson.loads(row["metadata"]),
        "payment_intent": row["id"],
        "payment_method_details": {"type": "card", "card": {"capture_before": capture_before(row)}},
        "refunded": taken and back == row["captured"],
        "status": row["charge_status"],
    }


def refund(row: Row) -> Json:
    told = {name: row[name] for name in ("id", "created", "charge", "amount", "currency")}
    facts = {"payment_intent": row["intent"], "metadata": orjson.loads(row["metadata"])}
    return {**told, **facts, "object": "refund", "reason": None, "status": "succeeded"}


def listed(url: str, found: list[Json], *, more: bool) -> Json:
    return {"object": "list", "url": url, "has_more": more, "data": found}


def tell(ledger: Ledger, kind: str, about: Json, *, traceparent: str | None) -> None:
    """Write the event down, in the transaction that made it true."""
    named, now = f"evt_{secrets.token_hex(12)}", ledger.now()
    event = {
        "id": named,
        "object": "event",
        "api_version": VERSION,
        "created": int(now),
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    ledger.run(EVENT, named, kind, about["id"], orjson.dumps(event), traceparent, now)
