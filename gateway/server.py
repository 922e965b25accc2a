"""
The edge on a real network: uvicorn, with a bound on what no stage can count because it never becomes a request.

uvicorn's parser takes headers of any size and waits for them for ever. Here a head (or a trailer, or whatever else is
not body) may hold so many bytes and fields unfinished, a connection may be silent for so long, and so many may be open.
"""

import resource
from functools import partial
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.context import Call
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.edge.document import MEDIA_TYPE, problem
from gateway.edge.door import Door, Written
from gateway.edge.fields import Headers, raw
from gateway.edge.glance import glance
from gateway.edge.limits import MOST_FIELDS, MOST_HEADER_BYTES
from gateway.errors import GatewayError
from gateway.refusals import HeadersTooLarge, Malformed, RequestTimeout

MOST_UNREAD = MOST_HEADER_BYTES + 16 * 1024  # bytes without end; a little more than a head that ends may have
HEAD_PATIENCE = 10.0  # seconds until a head is complete, and for a connection that says nothing yet
MOST_CONNECTIONS = 1000
MOST_BEYOND = 250  # connections that are still told that there are too many; the next ones are cut off
MOST_PIPELINED = 16  # requests of one connection that wait for the one before
FILES = 256  # open files beside connections: the database, logs, libraries
DRAIN = 8  # seconds for requests under way when told to stop

log = structlog.get_logger("omnigate.access")


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which refuses what does not come to an end, and refuses in our voice."""

    def __init__(self, *arguments: Any, public: str, door: Door, patience: float = HEAD_PATIENCE, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._most, self.limit_concurrency = self.limit_concurrency or MOST_CONNECTIONS, None  # told in our own voice
        self._crowded = False  # this connection is one too many
        self._public = public
        self._door = door
        self._patience = patience
        self._unread = 0  # bytes since the parser last made something of them
        self._in_head = False
        self._is_between = True  # two requests: the parser has seen the end of one and nothing of the next
        self._since = 0.0  # when the peer last began a request, or was told that there is no room
        self._waits: Any = None  # the timer of a peer that owes us a request

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._crowded = len(self.connections) > self._most
        if len(self.connections) > self._most + MOST_BEYOND:
            transport.abort()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._door.is_pressed and self._turns_away(data):
            return
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
        self._is_between, self._since = False, self.loop.time()

    def on_headers_complete(self) -> None:
        self._in_head, self._unread = False, 0
        if len(self.pipeline) == MOST_PIPELINED:
            self.transport.close()
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_between = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(Malformed("this is not HTTP/1.1"))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        place = self._door.enter(cycle.scope, crowded=self._crowded)
        if isinstance(place, Written):
            self._shed(cycle, place)
            return
        task = self.loop.create_task(cycle.run_asgi(self._door.at_work(app, place, cycle)))
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: place.leave())  # also when it is cancelled before its first step
        self.tasks.add(task)

    def _turns_away(self, data: bytes) -> bool:
        """Without parsing it: for that the connection has to be between two requests, and these bytes exactly one."""
        if not self._is_between or self._crowded or self._is_answering() or self.transport.is_closing():
            return False
        seen = glance(data)
        refusal = self._door.turns_away(seen) if seen else None
        if seen is None or refusal is None:
            return False
        self._unset_keepalive_if_required()
        self._tell(refusal, seen.path, stays=True)
        self._wait()
        return True

    def _shed(self, cycle: Any, refusal: Written) -> None:
        """Answer without beginning. The connection stays, so that asking again is cheap for both sides."""
        scope = cycle.scope
        stays = cycle.keep_alive and not self._crowded and _ends_soon(scope["headers"])
        self._tell(refusal, scope["path"], stays=stays, has_body=scope["method"] != "HEAD")
        cycle.response_started = cycle.response_complete = True
        if not stays:
            self.transport.close()
        elif self.pipeline:
            self.loop.call_soon(self.on_response_complete)  # not at once: there may be many more to shed

    def _tell(self, refusal: Written, path: str, *, stays: bool, has_body: bool = True) -> None:
        first = b"".join([b"%b: %b\r\n" % field for field in self.server_state.default_headers])
        last = b"\r\n" if stays else b"connection: close\r\n\r\n"
        lines, body = refusal.filled_in(path)
        self.transport.write(b"".join((STATUS_LINE[refusal.status], first, lines, last, body if has_body else b"")))
        self._since = self.loop.time()

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
        left = self._since + self._patience - self.loop.time()
        if left > 0:  # it has begun, or was refused, since the timer was set
            self._waits = self.loop.call_later(left, self._give_up)
        elif self._in_head:
            self._refuse(RequestTimeout(f"the headers were not complete within {self._patience:g} s"))
        elif not self._is_answering():
            self.transport.close()

    def _refuse(self, error: GatewayError) -> None:
        """Answer and close; in the midst of another answer of this connection only close."""
        if not self._is_answering() and not self.transport.is_closing():
            headers, body = self._document(error)
            lines = [*self.server_state.default_headers, *raw(headers)]
            fields = b"".join(b"%b: %b\r\n" % line for line in lines)
            self.transport.write(STATUS_LINE[error.status] + fields + b"\r\n" + body)
        self.transport.close()

    def _document(self, error: GatewayError) -> tuple[dict[str, str], bytes]:
        call = Call(mint("req"), system_clock())
        log.info("request_not_taken", status=error.status, code=error.code, request_id=call.request_id)
        body = problem(error, {"path": "/"}, call, public=self._public)
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "connection": "close",
            "x-request-id": call.request_id,
            **error.headers(),
        }
        return headers, body


def _ends_soon(headers: Headers) -> bool:
    """What is left of the body is read and forgotten, if it has an end and its sender is not waiting to be asked."""
    for name, value in headers:
        if name in (b"transfer-encoding", b"expect") or (name == b"content-length" and len(value) > 6):
            return False
    return True


def options(
    *,
    public: str,
    door: Door,
    patience: float = HEAD_PATIENCE,
    connections: int = MOST_CONNECTIONS,
    **where: Any,
) -> dict[str, Any]:
    """How the edge runs uvicorn; *where* it listens is the caller's to say."""
    return {
        "http": partial(BoundedProtocol, public=public, door=door, patience=patience),
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


def allow_open_files(wanted: int) -> None:
    """Ask the system for as many as we may need: what it refuses is accepted, and then cut off without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("too_few_open_files", allowed=allowed, wanted=wanted)


def serve(app: ASGIApp, *, host: str, port: int, public: str, door: Door) -> None:
    """Serve until told to stop, then finish what is under way."""
    allow_open_files(MOST_CONNECTIONS + MOST_BEYOND + FILES)
    uvicorn.run(app, **options(public=public, door=door, host=host, port=port))
