"""Ids for every request, and one access line for each, refused ones too."""

from collections.abc import Callable
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import KEY, Call
from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock
from gateway.edge.document import known
from gateway.edge.fields import Headers
from gateway.edge.measures import Measures
from gateway.errors import GatewayError
from observability import tracing

log = structlog.get_logger("omnigate.access")

NO_TRACE = "0" * 32
_TELLING = frozenset({401, 403, 429})


class Telemetry:
    """Opens the call. A caller's own `X-Request-Id` is not believed; ours goes out with every answer."""

    def __init__(
        self, app: ASGIApp, *, clock: Clock, mint: Mint, answered: Callable[[Scope, int], None], measures: Measures
    ) -> None:
        self.app = app
        self.clock = clock
        self.mint = mint
        self.answered = answered
        self.measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        with tracing.joined(scope["headers"]):
            await self._tell(scope, receive, send)

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = perf_counter(), 500
        sent: Headers = []
        seen: GatewayError | None = None
        call = scope[KEY] = self._open()
        self.measures.begun()

        async def watch(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status, sent = message["status"], message.get("headers", [])
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            seen = known(error)
            status, call.refusal = seen.status, seen.detail
            raise
        finally:
            seconds = perf_counter() - begun
            self.answered(scope, status)
            self.measures.ended(call, status, seconds, headers=sent, error=seen)
            _access_line(scope, call, status, code=seen.code if seen else None, seconds=seconds)
            seen = None  # else error and frame would keep each other, and with them the whole request

    def _open(self) -> Call:
        call = Call(self.mint("req"), self.clock(), tracing.trace_id() or NO_TRACE, tracing.traceparent())
        call.headers["x-request-id"] = call.request_id
        return call


def _access_line(scope: Scope, call: Call, status: int, *, code: str | None, seconds: float) -> None:
    principal = call.principal
    decision = call.decisions[-1] if call.decisions else None
    log.info(
        "request",
        method=scope["method"],
        route=call.operation.path if call.operation else None,  # never the path itself: it is the caller's text
        status=status,
        code=code,
        ms=round(seconds * 1000, 2),
        partner=(principal.partner or principal.subject) if principal else None,
        rule=decision.rule if decision else None,
        place=decision.place if decision else None,
        request_id=call.request_id,
        trace_id=call.trace_id,
        **(_who_and_why(scope, call) if status in _TELLING else {}),
    )


def _who_and_why(scope: Scope, call: Call) -> dict[str, str | None]:
    """Of a refusal: whom it met, as far as we know, and the reason in words of ours."""
    return {
        "client": call.claimed,
        "address": scope["client"][0] if scope.get("client") else None,
        "why": call.refusal,
    }
