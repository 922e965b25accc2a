"""
The edge on a real network: uvicorn, with a bound on what no stage can count because it never becomes a request.

uvicorn's parser takes headers of any size and waits for them for ever. Here a head (or a trailer, or whatever else is
not body) may hold so many bytes and fields unfinished, a connection may be silent for so long or leave our answers
unread for so long, and so many may be open. A head that could be read in two ways is refused.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.context import Call
from gateway.crowd import Crowd
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.edge import framing
from gateway.edge.addresses import Networks
from gateway.edge.document import MEDIA_TYPE, problem
from gateway.edge.fields import raw
from gateway.edge.limits import MOST_FIELDS, MOST_HEADER_BYTES
from gateway.errors import GatewayError, Unavailable
from gateway.refusals import HeadersTooLarge, Malformed, RequestTimeout, TooManyRequests

MOST_UNREAD = MOST_HEADER_BYTES + 16 * 1024  # bytes without end; a little more than a head that ends may have
HEAD_PATIENCE = 10.0  # seconds until a head is complete, and for a connection that says nothing yet
MOST_CONNECTIONS = 1000
MOST_FROM_ONE = 200  # connections of one address, unless it is a proxy's that we trust
MOST_AHEAD = 64  # requests sent before the answer to the first
TAKE_PATIENCE = 20.0  # seconds for an answer to be taken
PROXY_KEEP_ALIVE = 75  # seconds between requests; longer than the proxy's own, which must not find the door shut
DRAIN = 8  # seconds for requests under way when told to stop

log = structlog.get_logger("omnigate.access")

Count = Callable[[str], None]  # told the code of every request that was refused here


def uncounted(code: str) -> None:
    """For a server that nobody watches."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which refuses what does not come to an end, and refuses in our voice."""

    def __init__(
        self,
        *arguments: Any,
        public: str,
        crowd: Crowd,
        patience: float,
        taking: float,
        not_taken: Count = uncounted,
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self._not_taken = not_taken
        self._public = public
        self._patience, self._taking = patience, taking
        self._crowd = crowd
        self._unread = 0  # bytes since the parser last made something of them
        self._in_head = False
        self._fault = "this is not HTTP/1.1"  # what the next refusal of the parser says
        self._waits: Any = None  # the timer of a peer that owes us a request
        self._offers: Any = None  # the timer of a peer that has not taken our answer

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        address = self.client[0] if self.client else "unknown"
        if not self._crowd.enter(self, address):
            self._refuse(TooManyRequests("too many connections of this address are open", retry_after=1))
            return
        if self._crowd.trusts(address):
            self.timeout_keep_alive = PROXY_KEEP_ALIVE
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        self._wait_no_more()
        if self._offers is not None:
            self._offers.cancel()
        super().connection_lost(exc)

    def make_room(self) -> None:
        log.info("connection_shed")  # the edge is full, and this one has owed it something for longest
        self.transport.abort()

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
        self._crowd.owes(self, something=self._is_owed())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._unread = True, 0

    def on_headers_complete(self) -> None:
        self._in_head, self._unread = False, 0
        if fault := self._fault_of_head():
            self._fault = fault
            raise ValueError(fault)  # ends the parsing: `send_400_response` is next
        super().on_headers_complete()

    def _fault_of_head(self) -> str | None:
        if self.parser.should_upgrade():  # the parser would take the body for something else
            return framing.UPGRADE
        if len(self.pipeline) >= MOST_AHEAD:
            return framing.TOO_MANY_AHEAD
        return framing.fault(self.parser.get_http_version(), self.url, self.headers)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._crowd.owes(self, something=self._is_owed())
        self._offer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._offer()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        self._refuse(Malformed(self._fault))

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

    def _is_owed(self) -> bool:
        """Nothing of what was asked is under way, or no more than a request whose body is missing."""
        return not self.pipeline and (not self._is_answering() or self._in_body())

    def _in_body(self) -> bool:
        return bool(self.cycle.more_body and not self.cycle.response_started)

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

    def _offer(self) -> None:
        """An answer that nobody takes would keep the connection for ever, even a closed one."""
        if self._offers is None and self.transport.get_write_buffer_size():
            self._offers = self.loop.call_later(self._taking, self._take_back, self.cycle)

    def _take_back(self, offered: Any) -> None:
        self._offers = None
        if self.cycle is offered and self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self._offer()

    def _refuse(self, error: GatewayError) -> None:
        """Answer and close; in the midst of another answer of this connection only close."""
        if self._is_answering() and self._in_body() and not self.pipeline:
            self.cycle.disconnected = True  # the app may say nothing more: it is this request that we refuse
            self.cycle.message_event.set()
            self._say(error)
        elif not self._is_answering() and not self.transport.is_closing():
            self._say(error)
        self.transport.close()
        self._offer()

    def _say(self, error: GatewayError) -> None:
        headers, body = self._document(error, {"path": "/"})
        lines = [*self.server_state.default_headers, *raw(headers)]
        fields = b"".join(b"%b: %b\r\n" % line for line in lines)
        self.transport.write(STATUS_LINE[error.status] + fields + b"\r\n" + body)

    def _document(self, error: GatewayError, scope: Scope) -> tuple[dict[str, str], bytes]:
        call = Call(mint("req"), system_clock())
        self._not_taken(error.code)
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
    *,
    public: str,
    patience: float = HEAD_PATIENCE,
    taking: float = TAKE_PATIENCE,
    connections: int = MOST_CONNECTIONS,
    from_one: int = MOST_FROM_ONE,
    trusted: Networks = (),
    not_taken: Count = uncounted,
    **where: Any,
) -> dict[str, Any]:
    """How the edge runs uvicorn; *where* it listens is the caller's to say."""
    crowd = Crowd(most=connections - 1, most_from_one=from_one, trusted=trusted)  # uvicorn refuses at its limit
    return {
        "http": partial(
            BoundedProtocol, public=public, crowd=crowd, patience=patience, taking=taking, not_taken=not_taken
        ),
        "limit_concurrency": connections,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,  # a stage of ours believes one word of the proxies that we trust
        "ws": "none",
        "timeout_graceful_shutdown": DRAIN,
        **where,
    }


def serve(
    app: ASGIApp, *, host: str, port: int, public: str, trusted: Networks = (), not_taken: Count = uncounted
) -> None:
    """Serve until told to stop, then finish what is under way."""
    uvicorn.run(app, **options(public=public, trusted=trusted, not_taken=not_taken, host=host, port=port))
