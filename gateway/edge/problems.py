"""The outermost stage: whatever is raised behind it, the caller reads a problem document, and the log the truth."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from slowapi.errors import RateLimitExceeded
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import refusals
from gateway.context import KEY, Call
from gateway.edge.document import MEDIA_TYPE, known, problem
from gateway.edge.fields import raw
from gateway.errors import GatewayError, Unavailable

log = structlog.get_logger("omnigate.problems")


class Problems:
    """Renders every error of every stage and route, and sends the headers that stages have left in the call."""

    def __init__(self, app: ASGIApp, *, public: str) -> None:
        self.app = app
        self.public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if call := scope.get(KEY):
                    message["headers"] = [*message.get("headers", ()), *raw(call.headers)]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            _report(error, scope.get(KEY))
            if started:  # too late for a document: the connection is cut, so that nobody takes the rest for whole
                raise
            await self._render(known(error), scope, answer)  # no local: frame and error would keep each other

    async def _render(self, error: GatewayError, scope: Scope, send: Send) -> None:
        body = problem(error, scope, scope.get(KEY), public=self.public)
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            **error.headers(),
        }
        await send({"type": "http.response.start", "status": error.status, "headers": raw(headers)})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _report(error: Exception, call: Call | None) -> None:
    seen = known(error)
    if seen.status < 500:
        return  # the access line says enough
    facts: dict[str, Any] = {"code": seen.code, "detail": seen.detail, **seen.facts}
    if call is not None:
        facts |= {"request_id": call.request_id, "trace_id": call.trace_id}
    expected = isinstance(error, Unavailable)
    log.error("request_failed", **facts, exc_info=None if expected else error)


async def _reraise_http(request: Request, error: Exception) -> Any:
    """FastAPI's own refusals, said in our voice. What it has written into them is not repeated."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = tuple((error.headers or {}).get("Allow", "").split(", "))
        raise refusals.MethodNotAllowed("this address does not take that method", allow=allow)
    kind, detail = _BY_STATUS.get(error.status_code, (None, ""))
    raise kind(detail) if kind else GatewayError(f"the framework answered {error.status_code}")


async def _reraise_limit(request: Request, error: Exception) -> Any:
    assert isinstance(error, RateLimitExceeded)
    assert error.limit is not None, "slowapi says which limit was passed"
    limit = error.limit.limit
    raise refusals.TooManyRequests(
        f"this address may ask {limit.amount} times in {limit.get_expiry()} s", retry_after=limit.get_expiry()
    )


async def _reraise_validation(request: Request, error: Exception) -> Any:
    assert isinstance(error, RequestValidationError)
    faults = tuple(
        refusals.Fault("/".join(("#", *map(str, fault["loc"][1:]))), str(fault["type"]), "breaks the contract")
        for fault in error.errors()
    )
    raise refusals.Invalid("the request breaks the contract", faults=faults)


_BY_STATUS: Mapping[int, tuple[type[refusals.Refused], str]] = {
    400: (refusals.Malformed, "the request cannot be read"),
    404: (refusals.NotFound, "there is nothing at this address"),
    413: (refusals.TooLarge, "the body is too large"),
    415: (refusals.UnsupportedMedia, "the body is of a kind this operation does not take"),
    422: (refusals.Invalid, "the request breaks the contract"),
}

reraise: dict[Any, Any] = {
    HTTPException: _reraise_http,
    RateLimitExceeded: _reraise_limit,
    RequestValidationError: _reraise_validation,
}
