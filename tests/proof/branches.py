"""Shops by the dozen: each crash happens in a database of its own, behind an edge in this process, over one sandbox."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
import uvicorn
from httpx2 import ASGITransport, AsyncClient
from opentelemetry.sdk.trace import TracerProvider
from psycopg import sql

from gateway.app import create_app, create_worker
from gateway.governance.bundle import Bundle, load_bundle
from gateway.settings import Settings
from gateway.store.pool import Database
from tests.proof.client import Channel
from tests.proof.processes import until
from tests.proof.rig import Rig

Json = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]


@dataclass
class CallbackDesk:
    """The one address that the warehouse knows: hands each callback to the shop whose order it speaks of."""

    shops: dict[str, AsyncClient] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        shop = self.shops.get(json.loads(body)["data"]["order_id"])
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name != b"host"}
        status = (await shop.post(scope["path"], content=body, headers=headers)).status_code if shop else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Branch:
    """One shop: its database, and a channel at its edge."""

    url: str
    channel: Channel
    desk: CallbackDesk
    settings: Settings

    async def place(self, body: Json) -> str:
        acked = await self.channel.place(body)
        self.desk.shops[acked.order_id] = self.channel.http
        return acked.order_id

    async def is_at_rest(self) -> bool:
        """Nothing is left to do: each run has ended, or waits for an operator."""
        return await self.row("select bool_and(state in ('ended', 'parked')) from run") == (True,)

    async def row(self, query: str) -> tuple[Any, ...] | None:
        connection = await psycopg.AsyncConnection.connect(self.url, autocommit=True)
        async with connection:
            return await (await connection.execute(query)).fetchone()

    async def finish(self, *, within: float) -> None:
        """A second worker takes over what the first one left, and goes on until there is nothing left to do."""
        database = Database(self.url, connections=2, name="successor", patience=5.0)
        await database.open()
        try:
            async with create_worker(settings=self.settings, database=database) as worker:
                working = asyncio.create_task(worker.work())
                try:
                    await until(self.is_at_rest, what=f"at rest in {self.url}", within=within, pause=0.25)
                finally:
                    worker.stop()
                    await working
        finally:
            await database.close()


@dataclass(frozen=True, slots=True)
class Street:
    """Where branches are opened: a furnished database to copy, one sandbox, one desk for callbacks."""

    server: str
    template: str
    rig: Rig
    token: str
    desk: CallbackDesk
    bundle: Bundle

    @asynccontextmanager
    async def branch(self) -> AsyncIterator[Branch]:
        name = f"branch_{uuid4().hex}"
        await self._administer("create database {} template {}", name, self.template)
        url = f"{self.server}/{name}"
        database = Database(url, connections=2, name="edge", patience=5.0)
        app = create_app(settings=self.rig.settings, database=database, bundle=self.bundle, traces=TracerProvider())
        try:
            async with (
                app.router.lifespan_context(app),
                AsyncClient(transport=ASGITransport(app), base_url=self.rig.settings.public_address) as http,
            ):
                yield Branch(url, Channel(http, self.token), self.desk, self.rig.settings)
        finally:
            await self._administer("drop database {} with (force)", name)

    async def _administer(self, statement: str, *names: str) -> None:
        connection = await psycopg.AsyncConnection.connect(f"{self.server}/omnigate", autocommit=True)
        async with connection:
            await connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@asynccontextmanager
async def open_street(rig: Rig, template_url: str) -> AsyncIterator[Street]:
    """*template_url*: the furnished database of the rig, which nobody uses any more."""
    desk, bundle = CallbackDesk(), load_bundle(rig.settings.contracts, rig.settings.policies)
    database = Database(template_url, connections=2, name="edge")
    app = create_app(settings=rig.settings, database=database, bundle=bundle, traces=TracerProvider())
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=rig.settings.public_address) as http,
    ):
        basic = (rig.credentials.client_id, rig.credentials.client_secret)
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=basic)
        token = answer.json()["access_token"]
    server, _, template = template_url.rpartition("/")
    callbacks = uvicorn.Server(uvicorn.Config(desk, port=rig.settings.port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(callbacks.serve())
    try:
        yield Street(server, template, rig, token, desk, bundle)
    finally:
        callbacks.should_exit = True
        await serving
