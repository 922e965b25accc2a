"""
The internal port: `/metrics` and nothing else, to whoever may reach it.

Everything is bounded: connections, the bytes of a head, the time from the first byte to the last. The text is written
in a thread of its own, so that a scrape does not hold the event loop up.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from errno import EADDRINUSE
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.openmetrics import exposition as openmetrics

MOST_TRIES = 64  # ports in a row: as many processes on one machine as anybody has
MOST_CONNECTIONS = 16
MOST_HEAD = 8 * 1024  # bytes
PATIENCE = 5.0  # seconds for one scrape
LOOK_EVERY = 0.25  # seconds between looks at the event loop

log = structlog.get_logger("metrics")

Sample = Callable[[], Awaitable[None]]  # looks at what is not counted, before it is told


@asynccontextmanager
async def open_port(
    registry: CollectorRegistry, *, host: str, ports: Sequence[int], sample: Sample, patience: float = PATIENCE
) -> AsyncIterator[int]:
    """Answers scrapes for as long as it is open, on the first of *ports* that is free. Raises `OSError` if none is."""
    listening = _first_free(host, ports)
    port: int = listening.getsockname()[1]
    scrapes = _Scrapes(registry, sample, patience)
    server = await asyncio.start_server(scrapes.answer, sock=listening, limit=MOST_HEAD)
    log.info("metrics port open", host=host, port=port)
    try:
        yield port
    finally:
        server.close()
        scrapes.end()


def _first_free(host: str, ports: Sequence[int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        try:
            return socket.create_server((host, port), family=family, backlog=MOST_CONNECTIONS)
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise
    raise OSError(EADDRINUSE, f"none of {len(ports)} ports is free")


class _Scrapes:
    """The connections to the port, few at a time."""

    def __init__(self, registry: CollectorRegistry, sample: Sample, patience: float) -> None:
        self._registry = registry
        self._sample = sample
        self._patience = patience
        self._open: set[asyncio.StreamWriter] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            async with asyncio.timeout(self._patience):
                writer.write(await self._answer(await reader.readuntil(b"\r\n\r\n")))
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()  # not a scrape, or one that nobody waits for any more
        finally:
            self._open.discard(writer)

    def end(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _answer(self, head: bytes) -> bytes:
        line, _, fields = head.decode("latin-1").partition("\r\n")
        method, _, target = line.partition(" ")
        if target.split(" ")[0].split("?")[0] != "/metrics":
            return _response("404 Not Found", "text/plain", b"only /metrics is here\n")
        if method != "GET":
            return _response("405 Method Not Allowed", "text/plain", b"only GET is taken\n")
        await self._sample()
        if "application/openmetrics-text" in fields.lower():
            text = await asyncio.to_thread(openmetrics.generate_latest, self._registry)
            return _response("200 OK", openmetrics.CONTENT_TYPE_LATEST, text)
        return _response("200 OK", CONTENT_TYPE_PLAIN_0_0_4, await asyncio.to_thread(generate_latest, self._registry))


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


class _Lag(Protocol):
    def observe(self, amount: float) -> None: ...


async def watch_loop(lag: _Lag) -> None:
    """Sleeps a little, again and again, and tells how much longer that took than it should have."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LOOK_EVERY
        await asyncio.sleep(LOOK_EVERY)
        lag.observe(max(0.0, loop.time() - due))
