"""uvicorn's protocol, with bounds on what comes in, on what is not taken, and on how much is begun at once."""

import socket
from dataclasses import dataclass
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.context import STOPPING
from gateway.edge import framing
from gateway.edge.door import Door, Written
from gateway.edge.fields import Headers
from gateway.edge.glance import glance
from gateway.edge.limits import MOST_FIELDS, MOST_HEADER_BYTES
from gateway.errors import GatewayError
from gateway.refusals import HeadersTooLarge, Malformed, RequestTimeout, TooManyRequests
from gateway.server.crowd import Crowd
from gateway.server.voice import Voice

MOST_UNREAD = MOST_HEADER_BYTES + 16 * 1024  # bytes without end; a little more than a head that ends may have
HEAD_PATIENCE = 10.0  # seconds until a head is complete, and for a connection that says nothing yet
MOST_AHEAD = 64  # requests sent before the answer to the first
MOST_OFFERED = 64 * 1024  # bytes of answers that the system keeps for a peer who does not read: 4 MiB, left alone
TAKE_PATIENCE = 20.0  # seconds for an answer to be taken
PROXY_KEEP_ALIVE = 75  # seconds between requests; longer than the proxy's own, which must not find the door shut

log = structlog.get_logger("omnigate.access")


@dataclass(frozen=True, slots=True)
class Terms:
    """What all connections of a server have in common. Times in seconds."""

    voice: Voice
    door: Door
    crowd: Crowd
    patience: float
    taking: float


class BoundedProtocol(HttpToolsProtocol):
    """Refuses what does not come to an end, and what there is no room for, in our voice."""

    def __init__(self, config: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(config, *arguments, **named)
        self._terms: Terms = config.loaded_app.terms  # of what is `Served`
        self._crowd, self._door = self._terms.crowd, self._terms.door
        self._crowded = False  # this connection is one too many
        self._unread = 0  # bytes since the parser last made something of them
        self._in_head = False
        self._is_between = True  # two requests: the parser has seen the end of one and nothing of the next
        self._since = 0.0  # when the peer last began a request, or was told that there is no room
        self._fault = "this is not HTTP/1.1"  # what the next refusal of the parser says
        self._waits: Any = None  # the timer of a peer that owes us a request
        self._offers: Any = None  # the timer of a peer that has not taken our answer

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_OFFERED)
        address = self.client[0] if self.client else "unknown"
        if not self._crowd.enter(self, address):
            self._refuse(TooManyRequests("too many connections of this address are open", retry_after=1))
            return
        self._crowded = self._crowd.is_full
        if self._crowd.is_overfull:
            transport.abort()
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

    def shutdown(self) -> None:
        """Told to stop: who rests is woken, so that it is answered and not cut off at the end of the drain."""
        if (wake := self.app_state.get(STOPPING)) is not None:
            wake()
        super().shutdown()

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
        self._crowd.owes(self, something=self._is_owed())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._unread = True, 0
        self._is_between, self._since = False, self.loop.time()

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

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_between = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._crowd.owes(self, something=self._is_owed())
        self._offer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._offer()

    def send_400_response(self, msg: str) -> None:
        self._refuse(Malformed(self._fault))

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
        first = self.server_state.default_headers
        voice = self._terms.voice
        self.transport.write(voice.turning_away(refusal, path, first=first, stays=stays, has_body=has_body))
        self._since = self.loop.time()
        self._offer()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _is_owed(self) -> bool:
        """Nothing of what was asked is under way, or no more than a request whose body is missing."""
        return not self.pipeline and (not self._is_answering() or self._in_body())

    def _in_body(self) -> bool:
        return bool(self.cycle.more_body and not self.cycle.response_started)

    def _wait(self) -> None:
        if self._waits is None:
            self._waits = self.loop.call_later(self._terms.patience, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def _give_up(self) -> None:
        self._waits = None
        left = self._since + self._terms.patience - self.loop.time()
        if left > 0:  # it has begun, or was refused, since the timer was set
            self._waits = self.loop.call_later(left, self._give_up)
        elif self._in_head:
            self._refuse(RequestTimeout(f"the headers were not complete within {self._terms.patience:g} s"))
        elif not self._is_answering():
            self.transport.close()

    def _offer(self) -> None:
        """An answer that nobody takes would keep the connection for ever, even a closed one."""
        if self._offers is None and self.transport.get_write_buffer_size():
            self._offers = self.loop.call_later(self._terms.taking, self._take_back, self.cycle)

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
        self.transport.write(self._terms.voice.refusal(error, first=self.server_state.default_headers))


def _ends_soon(headers: Headers) -> bool:
    """What is left of the body is read and forgotten, if it has an end and its sender is not waiting to be asked."""
    for name, value in headers:
        if name in (b"transfer-encoding", b"expect") or (name == b"content-length" and len(value) > 6):
            return False
    return True
