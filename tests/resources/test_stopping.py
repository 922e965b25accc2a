"""A process that is told to stop answers those who wait, as things stand, and does not cut them off."""

import asyncio
import socket
from pathlib import Path

import uvicorn
from httpx2 import AsyncClient
from starlette.types import Receive, Scope, Send

from gateway.app import create_app
from gateway.edge.door import Door
from gateway.edge.places import Places
from gateway.governance.bundle import Bundle
from gateway.server import Served, options, terms
from gateway.settings import Settings
from gateway.store.pool import Database
from tests.gate import PUBLIC
from tests.resources.shop import Shop

PATIENCE = 25.0  # seconds: less than the caller would wait, more than the drain lasts


async def test_who_waits_is_answered_when_the_process_is_told_to_stop(
    shop: Shop, database_url: str, tmp_path: Path, bundle: Bundle
) -> None:
    order_id = (await shop.place())["order_id"]
    settings = Settings(home=tmp_path, public_url=PUBLIC)
    app = create_app(settings=settings, database=Database(database_url, connections=2, name="stops"), bundle=bundle)
    came = asyncio.Event()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            came.set()
        await app(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        door = Door(Places(bundle.admission), bundle.contracts, public=PUBLIC)
        server = uvicorn.Server(uvicorn.Config(Served(watched, terms(public=PUBLIC, door=door)), **options()))
        serving = asyncio.create_task(server.serve([listening]))
        async with AsyncClient(base_url=address, timeout=PATIENCE) as http:
            headers = {**shop.headers, "prefer": "wait=30"}
            waiting = asyncio.create_task(http.get(f"/v1/orders/{order_id}", headers=headers))
            await came.wait()

            server.should_exit = True

            answer = await waiting
            await serving
    assert (answer.status_code, answer.json()["status"]) == (200, "received")
    assert "preference-applied" not in answer.headers
