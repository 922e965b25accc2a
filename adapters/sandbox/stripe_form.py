"""Stripe's manner of speaking: forms in, JSON out, errors by type and code; a key keeps whatever was answered to it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from adapters.sandbox.answers import Json, Refusal
from adapters.sandbox.dialects import Dialect

INVALID = "invalid_request_error"
# What the REST side of the sandbox calls its own refusals: (status, type, code) here.
OURS = {
    "key_reused": (400, "idempotency_error", None),
    "idempotency_key_in_use": (409, INVALID, "idempotency_key_in_use"),
    "malformed": (400, INVALID, None),
    "declined": (402, "card_error", "card_declined"),
    "internal": (500, "api_error", None),
}
NOT_BEGUN = frozenset({"key_reused", "idempotency_key_in_use", "malformed", "parameter_unknown"})


class StripeRefusal(Refusal):
    """A no in Stripe's words; *more* are further members of its error object."""

    def __init__(self, status: int, code: str | None, detail: str, *, kind: str = INVALID, **more: object) -> None:
        super().__init__(status, code or "", detail)
        self.kind = kind
        self.more = more


def error(kind: str, code: str | None, message: str, **more: object) -> Json:
    named = {"code": code} if code else {}
    return {"error": {"type": kind, **named, "message": message, **more}}


def fields(call_body: Json | None, known: frozenset[str]) -> dict[str, str]:
    """What was sent, when all of it is known; metadata may have any name."""
    body: dict[str, str] = call_body or {}
    for name in body:
        if name not in known and not name.startswith("metadata["):
            raise StripeRefusal(400, "parameter_unknown", f"Received unknown parameter: {name}", param=name)
    return body


def metadata(body: Mapping[str, str]) -> dict[str, str]:
    found = {name[9:-1]: value for name, value in body.items() if name.startswith("metadata[") and name.endswith("]")}
    if len(found) > 50 or any(len(name) > 40 or len(value) > 500 for name, value in found.items()):
        raise StripeRefusal(400, None, "Metadata has at most 50 keys of 40 characters with 500", param="metadata")
    return found


def integer(body: Mapping[str, str], name: str) -> int:
    value = body.get(name)
    if value is None:
        raise StripeRefusal(400, "parameter_missing", f"Missing required param: {name}.", param=name)
    if not (value.isascii() and value.isdigit()):
        raise StripeRefusal(400, "parameter_invalid_integer", f"Invalid integer: {value[:20]}", param=name)
    return int(value)


def _read(raw: bytes) -> Json | None:
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=bool(raw)))
    except ValueError:
        return None


def _refused(refusal: Refusal) -> tuple[int, Json]:
    if isinstance(refusal, StripeRefusal):
        return refusal.status, error(refusal.kind, refusal.code or None, refusal.detail, **refusal.more)
    status, kind, code = OURS[refusal.code]
    return status, error(kind, code, refusal.detail)


def _admit(headers: Mapping[str, str]) -> None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.startswith(("sk_test_", "rk_test_")):
        raise StripeRefusal(401, None, "You did not provide a valid API key.")


STRIPE = Dialect(
    read=_read,
    refused=_refused,
    keeps=lambda refusal: refusal.status in (400, 402, 404) and refusal.code not in NOT_BEGUN,
    admit=_admit,
    keeps_broken=True,
    one_at_a_time=True,
    deadlines=False,
)
