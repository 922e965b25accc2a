"""Stripe's events: whether one is Stripe's, and what it means to a run."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.stripe.payments import OUR_ORDER
from gateway.told import Told

TOLERANCE = 300  # seconds, either way
MOST = 16  # signatures in one header
MOMENT = re.compile(r"[1-9][0-9]{0,11}")

KINDS = {
    "payment_intent.amount_capturable_updated": "payment_held",
    "payment_intent.succeeded": "payment_taken",
    "payment_intent.canceled": "payment_voided",
    "payment_intent.payment_failed": "payment_failed",
    "charge.refunded": "payment_refunded",
}


class StripeEvents:
    """`gateway.ports.Callbacks` in Stripe's manner: `Stripe-Signature` over moment and raw body."""

    role = "payments"
    header = "stripe-signature"
    form = r"whsec_[A-Za-z0-9_]{16,128}"

    def signed(self, signature: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> bool:
        parts = [part.strip().partition("=")[::2] for part in signature.split(",")]
        moments = [value for name, value in parts if name == "t"]
        given = [value for name, value in parts if name == "v1"][:MOST]
        if len(moments) != 1 or not MOMENT.fullmatch(moments[0]) or abs(now.timestamp() - int(moments[0])) > TOLERANCE:
            return False
        text = moments[0].encode() + b"." + body
        expected = [hmac.new(secret.encode(), text, hashlib.sha256).hexdigest() for secret in secrets]
        return any(hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in given)

    def told(self, body: Mapping[str, Any]) -> Told | None:
        """The objects bear our metadata, or are of no matter to us: somebody else's payment on the same account."""
        kind, about = KINDS.get(body["type"]), body["data"]["object"]
        metadata = about.get("metadata")
        order_id = metadata.get(OUR_ORDER) if isinstance(metadata, dict) else None
        payment = about.get("payment_intent") if body["type"].startswith("charge.") else about.get("id")
        if kind is None or not isinstance(order_id, str) or not isinstance(payment, str):
            return None
        return Told(body["id"], order_id, kind, {"type": body["type"], "payment": payment})
