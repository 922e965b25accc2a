"""What the edge has learnt about this request: one object in the scope, filled by the stages as the request passes."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from gateway.domain.access import Decision
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import Effect

KEY = "omnigate.call"
STOPPING = "omnigate.stopping"  # in the app's state: called when the server is told to stop, before it drains


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key as the caller named it (without quotes) and the SHA-256 of the request it stands for."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer; header names in lower case, the content type among them."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    replayed: bool = False

    @property
    def sent(self) -> tuple[bytes, int, Mapping[str, str]]:
        """Body, status and headers as a response takes them; who gets it again is told so."""
        replayed = {"idempotent-replayed": "true"} if self.replayed else {}
        return self.body, self.status, {**self.headers, **replayed}


@dataclass(frozen=True, slots=True)
class GivenBefore:
    """What the key was answered with, and when. The route gives it again, once it has found that the caller may ask."""

    answer: Answer
    at: datetime


@dataclass(slots=True)
class Call:
    """One request, as far as it is known. Written by the stage named beside each field, read by all behind it."""

    request_id: str  # telemetry
    now: datetime  # telemetry: the moment the request arrived
    trace_id: str = "0" * 32  # telemetry
    traceparent: str | None = None  # telemetry: what the workflow continues
    operation: Operation | None = None  # operation
    path_parameters: Mapping[str, str] = field(default_factory=dict)  # operation
    read_body: Callable[[], Awaitable[bytes]] | None = None  # limits: reads once, counted, then remembered
    extend: Callable[[float], None] | None = None  # limits: so many seconds more, for a request that rests
    gone: Callable[[], Awaitable[None]] | None = None  # limits: returns when the caller has hung up
    claimed: str | None = None  # authentication, the token route: who it seems to be; for the log, never to decide by
    principal: Principal | None = None  # authentication
    refusal: str | None = None  # the token route, telemetry: why it was refused, in words of ours; for the log
    resting: Callable[[], AbstractContextManager[object]] = nullcontext  # concurrency: wait without holding a place
    decisions: list[Decision] = field(default_factory=list)  # quota, authorization
    query: dict[str, Any] = field(default_factory=dict)  # contract: parsed and validated
    body: Any = None  # contract: parsed strictly and validated
    check_answer: Callable[[int, Mapping[str, str], bytes], None] | None = None  # contract: raises BrokenAnswer
    canonical: bytes | None = None  # idempotency: the body in RFC 8785 form
    idempotency: IdempotencyKey | None = None  # idempotency
    given_before: GivenBefore | None = None  # idempotency: the same request was answered before
    effect: Effect = "none"  # the store: unknown while a commit is under way, applied once it is sure
    headers: dict[str, str] = field(default_factory=dict)  # any stage: to be sent with whatever answer leaves

    @property
    def caller(self) -> Principal:
        """The authenticated principal; only for code that stands behind the authentication stage."""
        assert self.principal is not None, "the authentication stage has not run"
        return self.principal


def call_of(scope: Mapping[str, Any]) -> Call:
    return cast("Call", scope[KEY])
