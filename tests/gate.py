"""The front door, opened for one test: the whole stack in this process, with a clock that stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from opentelemetry.sdk.trace import TracerProvider

from gateway.app import create_app, open_secrets
from gateway.domain.identifiers import mint
from gateway.edge.addresses import Networks
from gateway.edge.limits import PATIENCE
from gateway.governance.bundle import Bundle
from gateway.partners import SCOPES
from gateway.partners.operators import BOOTSTRAP, OperatorRegistry
from gateway.partners.registry import Credentials, Registry
from gateway.ports import Counters
from gateway.settings import Settings
from gateway.store.pool import Database
from gateway.store.secrets import Secrets

PUBLIC = "https://gateway.example"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class StillClock:
    """Time passes only when a test says so."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def ticks(self) -> float:
        return self.now.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Gate:
    """What a caller has in hand, and what an operator could do meanwhile."""

    app: FastAPI
    http: AsyncClient
    clock: StillClock
    database: Database
    registry: Registry
    secrets: Secrets
    bundle: Bundle

    async def partner(
        self, name: str = "web", *, scopes: frozenset[str] = SCOPES, plan: str = "internal"
    ) -> Credentials:
        """A partner with one channel, named after it."""
        channels = frozenset({f"{name}-uk"})
        return await self.registry.add(name, channels=channels, scopes=scopes, plan=plan, operator="tess")

    async def operator(self, name: str = "olga", *roles: str) -> Credentials:
        """An operator of these roles, added by another one; an admin if nothing is said."""
        registry = OperatorRegistry(self.database, clock=self.clock, mint=mint)
        by = BOOTSTRAP if await registry.is_empty() else "tess"
        if by == BOOTSTRAP and roles and "admin" not in roles:
            await registry.add("tess", roles=frozenset({"admin"}), by=by)
            by = "tess"
        return await registry.add(name, roles=frozenset(roles or ("admin",)), by=by)

    async def ask_token(self, credentials: Credentials, **form: str) -> Response:
        data = {"grant_type": "client_credentials", **form}
        return await self.http.post("/oauth/token", data=data, auth=(credentials.client_id, credentials.client_secret))

    async def token(self, credentials: Credentials, **form: str) -> str:
        answer = await self.ask_token(credentials, **form)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    async def bearer(self, credentials: Credentials | None = None, **form: str) -> dict[str, str]:
        """The header of a partner; of a new one if none is given."""
        return {"authorization": f"Bearer {await self.token(credentials or await self.partner(), **form)}"}


@asynccontextmanager
async def open_gate(
    database_url: str,
    home: Path,
    *,
    bundle: Bundle,
    router: APIRouter | None = None,
    counters: Counters | None = None,
    traces: TracerProvider | None = None,
    patience: float = PATIENCE,
    metrics_port: int | None = None,
    trusted: Networks = (),
) -> AsyncIterator[Gate]:
    settings = Settings(home=home, public_url=PUBLIC, metrics_port=metrics_port, trusted_proxies=tuple(trusted))
    database = Database(database_url, connections=4, name="test-edge")
    clock = StillClock()
    app = create_app(
        settings=settings,
        database=database,
        bundle=bundle,
        clock=clock,
        ticks=clock.ticks,
        counters=counters,
        traces=traces,
        patience=patience,
    )
    if router is not None:
        app.include_router(router)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=PUBLIC) as http,
    ):
        registry = Registry(database, clock=clock, mint=mint)
        yield Gate(app, http, clock, database, registry, open_secrets(settings, database), bundle)
