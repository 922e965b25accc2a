"""Ids for every request, and one access line for each, refused ones too."""

from collections.abc import Callable
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import KEY, Call
from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock
from gateway.edge.document import known
from observability import tracing

log = structlog.get_logger("omnigate.access")

NO_TRACE = "0" * 32


class Telemetry:
    """Opens the call. A caller's own `X-Request-Id` is not believed; ours goes out with every answer."""

    def __init__(self, app: ASGIApp, *, clock: Clock, mint: Mint, answered: Callable[[Scope, int], None]) -> None:
        self.app = app
        self.clock = clock
        self.mint = mint
        self.answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        with tracing.joined(scope["headers"]):
            await self._tell(scope, receive, send)

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = perf_counter()
        status = 500
        code: str | None = None
        call = Call(self.mint("req"), self.clock(), tracing.trace_id() or NO_TRACE, tracing.traceparent())
        call.headers["x-request-id"] = call.request_id
        scope[KEY] = call

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            seen = known(error)
            status, code = seen.status, seen.code
            raise
        finally:
            self.answered(scope, status)
            _access_line(scope["method"], call, status, code=code, seconds=perf_counter() - begun)


def _access_line(method: str, call: Call, status: int, *, code: str | None, seconds: float) -> None:
    principal = call.principal
    log.info(
        "request",
        method=method,
        route=call.operation.path if call.operation else None,  # never the path itself: it is the caller's text
        status=status,
        code=code,
        ms=round(seconds * 1000, 2),
        partner=(principal.partner or principal.subject) if principal else None,
        request_id=call.request_id,
        trace_id=call.trace_id,
    )
