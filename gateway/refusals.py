"""What the caller must change: the 4xx half of the tree drawn in `gateway/errors.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.domain.access import Deny
from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: a JSON pointer into what the caller sent, a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


class Refused(GatewayError):
    """The request was refused."""

    status, code = 400, "refused"

    def __init__(self, detail: str, *, faults: tuple[Fault, ...] = (), **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.faults = faults


class Malformed(Refused):
    """The request cannot be read."""

    status, code = 400, "malformed"


class IdempotencyKeyMissing(Malformed):
    """An `Idempotency-Key` header is required."""

    status, code = 400, "idempotency_key_missing"


class IdempotencyKeyMalformed(Malformed):
    """The `Idempotency-Key` header cannot be read."""

    status, code = 400, "idempotency_key_malformed"


class Unauthenticated(Refused):
    """Credentials are needed."""

    status, code = 401, "unauthenticated"
    challenge: ClassVar[str] = 'Bearer realm="omnigate"'

    def headers(self) -> dict[str, str]:
        return {"www-authenticate": self.challenge}


class InvalidToken(Unauthenticated):
    """The access token is not valid."""

    status, code = 401, "invalid_token"
    challenge = 'Bearer realm="omnigate", error="invalid_token"'


class InvalidSignature(Unauthenticated):
    """The callback's signature is not valid."""

    status, code = 401, "invalid_signature"
    challenge = 'Signature realm="omnigate"'


class Forbidden(Refused):
    """Not allowed."""

    status, code = 403, "forbidden"


class InsufficientScope(Forbidden):
    """The token lacks a scope."""

    status, code = 403, "insufficient_scope"

    def __init__(self, detail: str, *, scope: str, **facts: Any) -> None:
        super().__init__(detail, scope=scope, **facts)
        self.scope = scope

    def headers(self) -> dict[str, str]:
        return {"www-authenticate": f'Bearer realm="omnigate", error="insufficient_scope", scope="{self.scope}"'}


class NotFound(Refused):
    """There is no such thing."""

    status, code = 404, "not_found"


class MethodNotAllowed(Refused):
    """This address does not take that method."""

    status, code = 405, "method_not_allowed"

    def __init__(self, detail: str, *, allow: tuple[str, ...], **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.allow = allow

    def headers(self) -> dict[str, str]:
        return {"allow": ", ".join(self.allow)}


class NotAcceptable(Refused):
    """No answer in an acceptable form."""

    status, code = 406, "not_acceptable"


class RequestTimeout(Refused):
    """The request did not arrive in time."""

    status, code, retryable = 408, "request_timeout", True


class Conflict(Refused):
    """The request does not fit the present state."""

    status, code = 409, "conflict"


class IdempotencyInFlight(Conflict):
    """The first request with this key is still being worked on."""

    status, code, retryable = 409, "idempotency_in_flight", True

    def headers(self) -> dict[str, str]:
        return {"retry-after": "1"}


class NaturalKeyConflict(Conflict):
    """Something else is known under this number."""

    status, code = 409, "natural_key_conflict"


class NotCancellable(Conflict):
    """The order can no longer be cancelled."""

    status, code = 409, "too_late_to_cancel"


class OrderLocked(Conflict):
    """Somebody else is at work on the order."""

    status, code, retryable = 409, "order_locked", True

    def headers(self) -> dict[str, str]:
        return {"retry-after": "1"}


class PreconditionFailed(Refused):
    """What is there is not what the caller expected."""

    status, code = 412, "precondition_failed"


class CursorExpired(Refused):
    """The cursor is too old to go on from."""

    status, code = 410, "cursor_expired"


class TooLarge(Refused):
    """The body is too large."""

    status, code = 413, "body_too_large"


class UnsupportedMedia(Refused):
    """The body is of a kind this operation does not take."""

    status, code = 415, "unsupported_media_type"


class Invalid(Refused):
    """The request breaks the contract."""

    status, code = 422, "invalid"


class IdempotencyKeyReused(Invalid):
    """That key was used for another request."""

    status, code = 422, "idempotency_key_reused"


class TotalsMismatch(Invalid):
    """The totals do not add up."""

    status, code = 422, "totals_mismatch"


class TooManyRequests(Refused):
    """Too many requests."""

    status, code, retryable = 429, "too_many_requests", True

    def __init__(self, detail: str, *, retry_after: int, **facts: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **facts)
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        return {"retry-after": str(self.retry_after)}


class QuotaExceeded(TooManyRequests):
    """The partner's quota is spent."""

    status, code, retryable = 429, "quota_exceeded", True


class ConcurrencyExceeded(TooManyRequests):
    """Too many requests of the partner are under way."""

    status, code, retryable = 429, "concurrency_exceeded", True

    def __init__(self, decision: Deny) -> None:
        super().__init__(f"the rule '{decision.rule}' denies this: {decision.reason}", retry_after=1, effect="none")


class HeadersTooLarge(Refused):
    """The headers are too many or too large."""

    status, code = 431, "headers_too_large"


def denied(decision: Deny, **facts: Any) -> Forbidden:
    """What the caller is told of a policy's no."""
    detail = f"the rule '{decision.rule}' denies it: {decision.reason}"
    if decision.missing_scope:
        return InsufficientScope(detail, scope=decision.missing_scope, rule=decision.rule, **facts)
    return Forbidden(detail, rule=decision.rule, **facts)
