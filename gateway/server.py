"""
The edge on a real network: uvicorn, with a bound on what no stage can count because it never becomes a request.

uvicorn's parser takes headers of any size and waits for them for ever. Here a head (or a trailer, or whatever else is
not body) may hold so many bytes and fields unfinished, a connection may be silent for so long, and so many may be open.
"""

from functools import partial
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.context import STOPPING, Call
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.edge.document import MEDIA_TYPE, problem
from gateway.edge.fields import raw
from gateway.edge.limits import MOST_FIELDS, MOST_HEADER_BYTES
from gateway.errors import GatewayError, Unavailable
from gateway.refusals import HeadersTooLarge, Malformed, RequestTimeout

MOST_UNREAD = MOST_HEADER_BYTES + 16 * 1024  # bytes without end; a little more than a head that ends may have
HEAD_PATIENCE = 10.0  # seconds until a head is complete, and for a connection that says nothing yet
MOST_CONNECTIONS = 1000
DRAIN = 8  # seconds for requests under way when told to stop

log = structlog.get_logger("omnigate.access")


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which refuses what does not come to an end, and refuses in our voice."""

    def __init__(self, *arguments: Any, public: str, patience: float = HEAD_PATIENCE, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._public = public
        self._patience = patience
        self._unread = 0  # bytes since the parser last made something of them
        self._in_head = False
        self._waits: Any = None  # the timer of a peer that owes us a request

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Told to stop: who rests is woken, so that it is answered and not cut off at the end of the drain."""
        if (wake := self.app_state.get(STOPPING)) is not None:
            wake()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)  # the piece in which something begins or ends is forgiven: it is bounded, too
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > MOST_UNREAD or (self._in_head and len(self.headers) > MOST_FIELDS):
            self._refuse(HeadersTooLarge(f"{MOST_FIELDS} header fields and {MOST_HEADER_BYTES} bytes are allowed"))
        elif self._in_head or not self._is_answering():
            self._wait()
        else:
            self._wait_no_more()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._unread = True, 0

    def on_headers_complete(self) -> None:
        self._in_head, self._unread = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        self._refuse(Malformed("this is not HTTP/1.1"))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        told: Any = self._busy if app is service_unavailable else app
        super()._start_asgi_task(cycle, told)

    async def _busy(self, scope: Scope, receive: Receive, send: Send) -> None:
        busy = Unavailable("too many connections are open", effect="none")
        headers, body = self._document(busy, scope)
        await send({"type": "http.response.start", "status": busy.status, "headers": raw(headers)})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._waits is None:
            self._waits = self.loop.call_later(self._patience, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def _give_up(self) -> None:
        self._waits = None
        if self._in_head:
            self._refuse(RequestTimeout(f"the headers were not complete within {self._patience:g} s"))
        elif not self._is_answering():
            self.transport.close()

    def _refuse(self, error: GatewayError) -> None:
        """Answer and close; in the midst of another answer of this connection only close."""
        if not self._is_answering() and not self.transport.is_closing():
            headers, body = self._document(error, {"path": "/"})
            lines = [*self.server_state.default_headers, *raw(headers)]
            fields = b"".join(b"%b: %b\r\n" % line for line in lines)
            self.transport.write(STATUS_LINE[error.status] + fields + b"\r\n" + body)
        self.transport.close()

    def _document(self, error: GatewayError, scope: Scope) -> tuple[dict[str, str], bytes]:
        call = Call(mint("req"), system_clock())
        log.info("request_not_taken", status=error.status, code=error.code, request_id=call.request_id)
        body = problem(error, scope, call, public=self._public)
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "connection": "close",
            "x-request-id": call.request_id,
            **error.headers(),
        }
        return headers, body


def options(
    *, public: str, patience: float = HEAD_PATIENCE, connections: int = MOST_CONNECTIONS, **where: Any
) -> dict[str, Any]:
    """How the edge runs uvicorn; *where* it listens is the caller's to say."""
    return {
        "http": partial(BoundedProtocol, public=public, patience=patience),
        "limit_concurrency": connections,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,  # who may speak for another address is the front proxy's to say
        "ws": "none",
        "timeout_graceful_shutdown": DRAIN,
        **where,
    }


def serve(app: ASGIApp, *, host: str, port: int, public: str) -> None:
    """Serve until told to stop, then finish what is under way."""
    uvicorn.run(app, **options(public=public, host=host, port=port))
