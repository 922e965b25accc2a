"""
The HTTP client that adapters speak through: one per back end, bounded in time, in size and in calls at once.

It speaks over httpx2's transport, which knows no redirects, no cookies, no proxies from the environment and no retries,
and costs some 200 us less per call than the client above it. It tells apart only what the network can tell: an
`Answer`, `Failed` when no byte of the call was sent, `Unknown` when an answer is missing. What an answer means is the
adapter's to say. Nothing of a request or an answer is logged here.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal, Self

import httpx2

from adapters.restraint import Ask, Bounds, InTrouble, Restraint
from gateway.errors import BackEndError, Failed, Unknown
from gateway.ports import Promise, asked_under, send_by
from observability import tracing
from observability.metrics import BackEndMetrics

__all__ = ["KIBIBYTE", "MEBIBYTE", "Answer", "Bounds", "Call", "Outbound", "network"]

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
BEFORE_THE_FIRST_BYTE = "http11.send_request_headers.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: an effect needs a window to be sent in (`gateway.ports.sending`), a question none."""

    method: Literal["GET", "POST"]
    path: str  # below the back end's address, its parts made safe by the adapter
    promise: Promise
    body: bytes = b""
    key: str | None = None
    most: int = MEBIBYTE  # bytes of an answer
    asks: bool = False  # a POST that changes nothing, as remote procedure calls have them
    busy: frozenset[int] = frozenset()  # 5xx that the system says when it is well, as of a transaction that lost
    headers: Mapping[str, str] = field(default_factory=dict)  # instead of ours, in lower case

    @property
    def is_effect(self) -> bool:
        return self.method == "POST" and not self.asks


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)  # whatever case they are asked for in


class Outbound:
    """The client of one back end. Entered for as long as it is used."""

    def __init__(
        self,
        system: str,
        *,
        url: str,
        bounds: Bounds | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        metrics: BackEndMetrics | None = None,
    ) -> None:
        self.system = system
        self._bounds = bounds or Bounds()
        self._transport = transport or network(self._bounds)
        self._borrowed = transport is not None
        self._now = clock
        self._restraint = Restraint(system, self._bounds, metrics=metrics or BackEndMetrics(), ticks=ticks)
        root = url.rstrip("/")
        self._url = lru_cache(maxsize=128)(lambda path: httpx2.URL(root + path))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._borrowed:
            await self._transport.aclose()

    async def send(self, call: Call) -> Answer:
        """The back end's answer, whatever its status. Raises `Failed` or `Unknown` when there is none."""
        last = self._last_moment(call)
        ends: list[Answer | BackEndError] = []

        async def made() -> None:
            end = await self._made(call, last)
            ends.append(end)
            if isinstance(end, BackEndError) or (end.status >= 500 and end.status not in call.busy):
                raise InTrouble("the back end is in trouble")

        with suppress(InTrouble):
            await self._restraint.make(self._ask(call, last), made)
        [end] = ends
        if isinstance(end, BackEndError):
            raise end
        return end

    async def _made(self, call: Call, last: float | None) -> Answer | BackEndError:
        """The call's end, as far as it says something about the back end; what does not is raised."""
        try:
            async with asyncio.timeout(call.promise.attempt):
                return await self._exchange(call, last)
        except NEVER_SENT as error:
            return _because(Failed(f"{self.system} was not reached", system=self.system), error)
        except (httpx2.TransportError, TimeoutError) as error:
            return _because(Unknown(f"{self.system} did not answer", system=self.system), error)

    def _ask(self, call: Call, last: float | None) -> Ask:
        patience = self._bounds.wait if last is None else last - self._now()
        key = asked_under() if call.is_effect else ""
        return Ask(
            effect=call.is_effect, pace=call.promise.pace, patience=patience, key=key, window=send_by() if key else None
        )

    def _last_moment(self, call: Call) -> float | None:
        if not call.is_effect:
            return None
        until = send_by()
        if until is None:
            raise RuntimeError("an effect was asked for outside of gateway.ports.sending()")
        return until.timestamp()

    async def _exchange(self, call: Call, last: float | None) -> Answer:
        request = httpx2.Request(
            call.method,
            self._url(call.path),
            headers=self._headers(call, last),
            content=call.body,
            extensions=self._extensions(call, last),
        )
        self._refuse_late(last)
        response = await self._transport.handle_async_request(request)
        try:
            return Answer(response.status_code, await self._read(response, call.most), response.headers)
        finally:
            await response.aclose()

    async def _read(self, response: httpx2.Response, most: int) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > most:
                raise Unknown(f"{self.system} answered more than {most // KIBIBYTE} KiB", system=self.system)
        return bytes(content)

    def _headers(self, call: Call, last: float | None) -> dict[str, str]:
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "omnigate"}
        if call.method == "POST":
            headers["content-type"] = "application/json"
        if last is not None:
            headers["request-deadline"] = str(int((last + call.promise.settle) * 1000))
        if call.key is not None and call.promise.header is not None:
            headers[call.promise.header] = call.key
        return headers | tracing.outbound() | dict(call.headers)

    def _extensions(self, call: Call, last: float | None) -> dict[str, Any]:
        attempt = call.promise.attempt
        connect = min(self._bounds.connect, attempt / 2)  # over well before the attempt is, so that it is known as such
        timeout = {"connect": connect, "read": attempt, "write": attempt, "pool": connect}
        return {"timeout": timeout} if last is None else {"timeout": timeout, "trace": self._gate(last)}

    def _gate(self, last: float) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
        async def gate(event: str, _: Mapping[str, Any]) -> None:
            if event == BEFORE_THE_FIRST_BYTE:  # connecting took its time
                self._refuse_late(last)

        return gate

    def _refuse_late(self, last: float | None) -> None:
        if last is not None and self._now() > last:
            raise Failed(f"too late to send to {self.system}", system=self.system)


def _because(end: BackEndError, error: Exception) -> BackEndError:
    end.__cause__ = error
    return end


def network(bounds: Bounds) -> httpx2.AsyncHTTPTransport:
    """A pool of connections of its own."""
    limits = httpx2.Limits(
        max_connections=bounds.connections,
        max_keepalive_connections=bounds.connections,
        keepalive_expiry=bounds.idle,
    )
    return httpx2.AsyncHTTPTransport(verify=_authorities(), trust_env=False, http2=False, limits=limits)


@cache
def _authorities() -> ssl.SSLContext:
    """Whom to trust: the same for all, and 20 ms to read."""
    return httpx2.create_ssl_context(trust_env=False)
