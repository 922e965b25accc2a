"""How much a request may be and how long it may take: bytes are counted here, never parsed."""

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import call_of
from gateway.edge.fields import Headers, single
from gateway.errors import DeadlineExceeded
from gateway.refusals import HeadersTooLarge, Malformed, RequestTimeout, TooLarge, UnsupportedMedia

MOST_FIELDS = 64
MOST_HEADER_BYTES = 32 * 1024
PATIENCE = 30.0  # seconds
LOWEST_RATE = 1024  # bytes of body a second, after the first third of the patience


class Limits:
    """Refuses what is too large before it is read whole, and ends what takes too long.

    What a request waits for is cancelled at its deadline; a statement of ours also in PostgreSQL, before we answer. An
    operation in which the caller wishes to rest adds that time to its deadline by `Call.extend`.
    """

    def __init__(self, app: ASGIApp, *, patience: float = PATIENCE) -> None:
        self.app = app
        self.patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        assert call.operation is not None, "the operation stage has run"
        _check_size(scope["headers"])
        body = Body(scope["headers"], receive, limit=call.operation.body_limit, grace=self.patience / 3)
        if call.operation.body != "none":  # else nobody reads it
            body.check_declared()
        call.read_body, call.gone = body.read, body.gone
        try:
            async with asyncio.timeout(self.patience) as clock:
                call.extend = partial(_extend, clock)
                await self.app(scope, body.replay, send)
        except TimeoutError:
            if not clock.expired():
                raise
            if body.is_arriving:
                raise RequestTimeout(f"the body was not complete within {self.patience:g} s") from None
            raise DeadlineExceeded(f"the request was given up after {self.patience:g} s", effect=call.effect) from None


class Body:
    """The body of one request: read once, counted while it arrives, replayed to whoever asks again."""

    def __init__(self, headers: Headers, receive: Receive, *, limit: int, grace: float = PATIENCE / 3) -> None:
        self._headers = headers
        self._receive = receive
        self._limit = limit
        self._grace = grace  # seconds before a slow body is noticed
        self._bytes: bytes | None = None
        self._replayed = False
        self.is_arriving = False

    def check_declared(self) -> None:
        """Refuse by `Content-Length`, before a byte is read."""
        declared = single(self._headers, b"content-length")
        if declared is not None:
            if not (declared.isascii() and declared.isdigit()):
                raise Malformed("the header 'content-length' is not a number")
            self._refuse_over_limit(int(declared[:20]))

    async def read(self) -> bytes:
        if self._bytes is None:
            coding = single(self._headers, b"content-encoding")
            if coding is not None and coding.lower() != "identity":
                raise UnsupportedMedia("a body with a Content-Encoding is not taken")
            self.is_arriving = True
            self._bytes = await self._collect()
            self.is_arriving = False
        return self._bytes

    async def replay(self) -> Message:
        """`receive`, for the app behind: the whole body in one message, then whatever the connection says."""
        if self._replayed:
            return await self._receive()
        self._replayed = True
        return {"type": "http.request", "body": await self.read(), "more_body": False}

    async def gone(self) -> None:
        """Returns when the connection has ended; what else arrives until then is let go."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _collect(self) -> bytes:
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._grace) as clock:
                return await self._pieces(lambda size: clock.reschedule(begun + self._grace + size / LOWEST_RATE))
        except TimeoutError:
            if not clock.expired():
                raise
            detail = f"a body must arrive within {self._grace:g} s, or at {LOWEST_RATE} bytes a second after that"
            raise RequestTimeout(detail) from None

    async def _pieces(self, earned: Callable[[int], None]) -> bytes:
        body, told = bytearray(), 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise RequestTimeout("the connection ended before the body was complete")
            chunk = message.get("body", b"")
            self._refuse_over_limit(len(body) + len(chunk))
            body += chunk
            if not message.get("more_body", False):
                return bytes(body)
            if len(body) - told >= LOWEST_RATE:  # not for every piece: a piece may be one byte
                told = len(body)
                earned(told)

    def _refuse_over_limit(self, size: int) -> None:
        if size > self._limit:
            raise TooLarge(f"the body may have {self._limit} bytes", limit=self._limit)


def _extend(clock: asyncio.Timeout, seconds: float) -> None:
    deadline = clock.when()
    assert deadline is not None, "every request has a deadline"
    clock.reschedule(deadline + seconds)


def _check_size(headers: Headers) -> None:
    if len(headers) > MOST_FIELDS:
        raise HeadersTooLarge(f"{MOST_FIELDS} header fields are allowed", limit=MOST_FIELDS)
    if sum([len(name) + len(value) for name, value in headers]) > MOST_HEADER_BYTES:
        raise HeadersTooLarge(f"{MOST_HEADER_BYTES} bytes of headers are allowed", limit=MOST_HEADER_BYTES)
