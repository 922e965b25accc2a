"""The edge's server on a real socket, for one test, in front of an app of the test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.door import Door
from gateway.edge.places import Places
from gateway.governance.bundle import load_bundle
from gateway.server import options
from gateway.settings import ROOT

HOST = "127.0.0.1"
PUBLIC = "https://gateway.example"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], AbstractAsyncContextManager[Streams]]


BUNDLE = load_bundle(ROOT / "contracts" / "openapi", ROOT / "policies")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of bytes of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(
    app: ASGIApp = echo, **bounds: Any
) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[Streams]]]:
    """uvicorn as the edge runs it; yields a way to connect."""
    door = Door(Places(BUNDLE.admission), BUNDLE.contracts, public=PUBLIC)
    server = uvicorn.Server(uvicorn.Config(app, **options(public=PUBLIC, lifespan="off", **{"door": door, **bounds})))
    with socket.create_server((HOST, 0)) as listening:
        port = listening.getsockname()[1]
        running = asyncio.create_task(server.serve([listening]))

        @asynccontextmanager
        async def connect() -> AsyncIterator[Streams]:
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                yield reader, writer
            finally:
                writer.close()

        try:
            yield connect
        finally:
            server.should_exit = server.force_exit = True
            await running


async def asked(streams: Streams, request: bytes) -> bytes:
    streams[1].write(request)
    async with asyncio.timeout(20):
        return await streams[0].read()


def told(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = orjson.loads(body)
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert problem["request_id"].encode() in head
    assert problem["type"] == f"{PUBLIC}/problems/{problem['code']}"
    return problem["status"], problem["code"]
