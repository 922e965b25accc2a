"""
In front of everything that costs: is there room for this request? If not, the refusal is written down already.

A refusal by the stages costs as much as a third of an order: at ten times the load refusing alone would fill the
process. Here it costs a look-up and a write, and is told of in one line a second, not one each.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import Call
from gateway.domain.access import Deny
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.edge.document import MEDIA_TYPE, instance_of, problem
from gateway.edge.fields import raw
from gateway.edge.glance import Glimpse
from gateway.edge.places import PLACE, Place, Places, Who
from gateway.errors import GatewayError, Overloaded
from gateway.governance.contracts import Contracts
from gateway.refusals import ConcurrencyExceeded, Refused

EVERY = 1.0  # seconds between two lines about what was shed
SMALL = 64 * 1024  # bytes that every request may send, however many large ones are arriving
MOST_BUFFERED = 32 << 20  # bytes of bodies beyond that, of all requests together
GRACE = 0.05  # seconds that a body may take to arrive while its request holds a place

_ID, _PATH, _INSTANCE = "req_00000000000000000000000000", "/\0", "/%00"

log = structlog.get_logger("omnigate.access")

Count = Callable[[str], None]


class Door:
    """What the server asks about each request before it begins."""

    def __init__(
        self,
        places: Places,
        contracts: Contracts,
        *,
        public: str,
        every: float = EVERY,
        buffered: int = MOST_BUFFERED,
        not_taken: Count | None = None,
    ) -> None:
        self._places = places
        self._contracts = contracts
        self._public = public
        self._written: dict[str, Written] = {}  # by rule: there are as many as the policy has
        self._told = Tally(every)
        self._not_taken = not_taken  # told the code of each refusal
        self._bodies = Bodies(buffered)

    def enter(self, scope: Scope, *, crowded: bool) -> "Place | Written":
        """A place, or how it was refused. *crowded*: too many connections are open already."""
        operation = self._operation(scope["method"], scope["path"])
        who = self._who(_credential(scope["headers"]))
        return self._refusal(operation, who, crowded=crowded) or Place(self._places, operation, who)

    def turns_away(self, glimpse: Glimpse) -> "Written | None":
        """How a request is refused that was only glanced at, if it is."""
        operation = self._operation(glimpse.method, glimpse.path)
        return self._refusal(operation, self._who(glimpse.credential))

    @property
    def is_pressed(self) -> bool:
        """There is somebody whom it would refuse; else nothing need be glanced at."""
        return self._places.taken >= self._places.admission.least_class.most

    def at_work(self, app: ASGIApp, place: Place, cycle: Any) -> ASGIApp:
        """The app, for the request that holds *place*."""
        return AtWork(app, place, cycle, bodies=self._bodies)

    def _refusal(self, operation: str | None, who: Who | None, *, crowded: bool = False) -> "Written | None":
        if (full := self._places.room(operation, crowded=crowded)) is not None:
            return self._written_down(full, Overloaded, operation)
        if who is not None and (full := self._places.fair(who)) is not None:
            return self._written_down(full, ConcurrencyExceeded, operation)
        return None

    def _written_down(
        self, full: Deny, kind: type[Overloaded | ConcurrencyExceeded], operation: str | None
    ) -> "Written":
        self._told.note(operation, kind.code)
        if self._not_taken is not None:
            self._not_taken(kind.code)
        written = self._written.get(full.rule)
        if written is None:
            written = self._written[full.rule] = Written(kind(full), public=self._public)
        return written

    def _who(self, credential: bytes | None) -> Who | None:
        return self._places.known(credential) if credential else None

    def _operation(self, method: str, path: str) -> str | None:
        try:
            return self._contracts.match(method, path).operation.id
        except Refused:
            return None


class Written:
    """A problem document with two gaps: which request, and what it was about."""

    def __init__(self, error: GatewayError, *, public: str) -> None:
        self.status = error.status
        call = Call(_ID, system_clock())
        whole = problem(error, {"path": _PATH}, call, public=public)
        self._first, _, rest = whole.partition(_INSTANCE.encode())
        self._second, _, self._third = rest.partition(_ID.encode())
        headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store", **error.headers()}
        self._head = b"".join(b"%b: %b\r\n" % field for field in raw(headers))
        self._size = len(whole) - len(_INSTANCE)

    def filled_in(self, path: str) -> tuple[bytes, bytes]:
        request_id, instance = mint("req").encode(), instance_of(path).encode()
        lines = b"%bx-request-id: %b\r\ncontent-length: %d\r\n" % (self._head, request_id, self._size + len(instance))
        return lines, b"".join((self._first, instance, self._second, request_id, self._third))


class Tally:
    """How many were shed, told once in a while."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._counts: Counter[tuple[str, str]] = Counter()
        self._due: asyncio.TimerHandle | None = None

    def note(self, operation: str | None, code: str) -> None:
        self._counts[operation or "unknown", code] += 1
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._every, self._tell)

    def _tell(self) -> None:
        counts, self._counts, self._due = self._counts, Counter(), None
        by = [{"operation": operation, "code": code, "count": count} for (operation, code), count in counts.items()]
        log.warning("requests_shed", count=counts.total(), within=self._every, by=by)


class Bodies:
    """How many bytes of bodies are in memory: a body may be large, and there may be many, but not both."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0

    def add(self, size: int) -> None:
        """Raises `Overloaded`. What was added has to be forgotten all the same."""
        self._bytes += size
        if size and self._bytes > self._most:
            raise Overloaded(Deny("large bodies", "gateway/edge/door.py", f"at most {self._most} bytes are kept"))

    def forget(self, size: int) -> None:
        self._bytes -= size


class AtWork:
    """The app, for one request: its place is free while a slow sender or reader keeps it waiting."""

    def __init__(self, app: ASGIApp, place: Place, cycle: Any, *, bodies: Bodies) -> None:
        self._app = app
        self._bodies = bodies
        self._bytes = 0
        self._place = place
        self._cycle = cycle  # uvicorn's request and response
        self._until: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[PLACE] = self._place

        async def hear() -> Message:
            if self._until is None and self._cycle.more_body:
                self._until = asyncio.get_running_loop().call_later(GRACE, self._place.give_back)
            message = await receive()
            self._keep(len(message.get("body", b"")))
            if self._until is not None and not message.get("more_body"):
                self._until.cancel()
                self._until = None
                self._place.take_if_room()
            return message

        async def say(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._place.leave()  # the next request of the connection may begin before this task has ended
            elif self._cycle.flow.write_paused:
                self._place.give_back()
                await send(message)
                self._place.take()
                return
            await send(message)

        try:
            await self._app(scope, hear, say)
        finally:
            self._bodies.forget(_large(self._bytes))

    def _keep(self, size: int) -> None:
        before, self._bytes = self._bytes, self._bytes + size
        self._bodies.add(_large(self._bytes) - _large(before))


def _large(size: int) -> int:
    return max(0, size - SMALL)


def _credential(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    for name, value in headers:
        if name == b"authorization":
            return value
    return None
