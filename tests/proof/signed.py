"""Who calls back signs the bytes that are really sent, each in its manner."""

import hashlib
import hmac
import os
from datetime import UTC, datetime

from requests import PreparedRequest
from requests.auth import AuthBase
from standardwebhooks import Webhook


class Signed(AuthBase):
    """The warehouse's signature, the stores' or the payment provider's, over the bytes that are really sent."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        now = datetime.now(UTC)
        text = body.decode(errors="replace")
        signature = Webhook(os.environ["PROOF_CALLBACK_SECRET"]).sign(request.headers["webhook-id"], now, text)
        request.headers["webhook-timestamp"] = str(int(now.timestamp()))
        request.headers["webhook-signature"] = signature
        return request


class SignedByStripe(AuthBase):
    """Stripe's signature over the bytes that are really sent."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        now = str(int(datetime.now(UTC).timestamp()))
        secret = os.environ["PROOF_STRIPE_SECRET"].encode()
        made = hmac.new(secret, now.encode() + b"." + body, hashlib.sha256).hexdigest()
        request.headers["stripe-signature"] = f"t={now},v1={made}"
        return request
