"""Is a callback from the system it names? Standard Webhooks 1.0.0 over the raw body."""

import hmac
import re
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from gateway.edge.fields import Headers, single
from gateway.partners.callback_secrets import live, named
from gateway.refusals import InvalidSignature
from gateway.told import Callbacks

TOLERANCE = 300  # seconds, either way
_ID = re.compile(r"[A-Za-z0-9_:-]{1,128}")  # no full stop: it parts what is signed
_MOMENT = re.compile(r"[1-9][0-9]{0,11}")
_MOST = 16  # signatures in one header


def secret_name(system: str) -> str:
    """Under which name the secrets shared with *system* are kept."""
    if (name := named(system)) is None:
        raise InvalidSignature("no system of that name may call")
    return name


def verify(headers: Headers, body: bytes, *, secrets: bytes | None, now: datetime) -> None:
    """Raises `InvalidSignature`. The moment comes from our clock, so the library signs and the comparison is ours."""
    name, sent, signatures = (single(headers, b"webhook-" + part) for part in (b"id", b"timestamp", b"signature"))
    if name is None or sent is None or signatures is None:
        raise InvalidSignature("webhook-id, webhook-timestamp and webhook-signature are needed")
    if not _ID.fullmatch(name) or not _MOMENT.fullmatch(sent):
        raise InvalidSignature("webhook-id or webhook-timestamp cannot be read")
    if abs(now.timestamp() - int(sent)) > TOLERANCE:
        raise InvalidSignature(f"webhook-timestamp is more than {TOLERANCE} s away from now")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise InvalidSignature("no signature matches") from None
    given = signatures.split(" ")[:_MOST]
    moment = datetime.fromtimestamp(int(sent), UTC)
    for secret in live(secrets, now):
        expected = Webhook(secret).sign(name, moment, text)
        if any(hmac.compare_digest(expected.encode(), candidate.encode()) for candidate in given):
            return
    raise InvalidSignature("no signature matches")


def verify_foreign(manner: Callbacks, headers: Headers, body: bytes, *, secrets: bytes | None, now: datetime) -> None:
    """The same of a system that signs in a manner of its own."""
    signature = single(headers, manner.header.encode())
    if signature is None:
        raise InvalidSignature(f"{manner.header} is needed")
    if not manner.signed(signature, body, secrets=live(secrets, now), now=now):
        raise InvalidSignature("no signature matches, or its moment is not current")
