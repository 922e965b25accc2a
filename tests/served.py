"""Any ASGI app on a real port, run as the edge runs."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from gateway.edge.door import Door
from gateway.edge.places import Places
from gateway.server import Served, options, terms
from tests.house import house

HOST = "127.0.0.1"
BUNDLE = house()

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def listening(app: ASGIApp, *, public: str, **bounds: Any) -> AsyncIterator[int]:
    """The app under the edge's own options; yields its port."""
    door = Door(Places(BUNDLE.admission), BUNDLE.contracts, public=public)
    served = Served(app, terms(public=public, **{"door": door, **bounds}))
    server = uvicorn.Server(uvicorn.Config(served, **options(lifespan="off")))
    with socket.create_server((HOST, 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await running


@asynccontextmanager
async def connected(port: int, **how: Any) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(HOST, port, **how)
    try:
        yield reader, writer
    finally:
        writer.close()
