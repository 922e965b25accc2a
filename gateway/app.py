"""Where Omnigate is put together: everything shared is made here and handed on by name."""

import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import TracerProvider
from starlette.middleware import Middleware

from adapters.rest import rest_back_ends
from gateway import VERSION, edge
from gateway.domain.access import Decision
from gateway.domain.identifiers import Mint, mint
from gateway.domain.principal import Principal
from gateway.domain.time import Clock, Ticks, system_clock
from gateway.edge.authentication import Credentials
from gateway.edge.counters import InProcessCounters
from gateway.edge.limits import PATIENCE
from gateway.edge.problems import reraise
from gateway.edge.routes import edge_routes
from gateway.edge.shared_counters import SharedCounters
from gateway.governance.access import Facts
from gateway.governance.bundle import Bundle, load_bundle
from gateway.partners.keys import SigningKeys
from gateway.partners.routes import key_routes, token_routes
from gateway.partners.tokens import Tokens
from gateway.ports import Counters
from gateway.resources.callbacks import callbacks
from gateway.resources.orders import orders
from gateway.resources.pages import PageTokens
from gateway.settings import Settings, choose_conventions
from gateway.store.pool import Database
from gateway.store.secrets import Secrets, cipher
from gateway.workflows.operations import SAGAS
from gateway.workflows.runner import Tools
from gateway.workflows.worker import Worker
from observability import logs, tracing


@dataclass(frozen=True, slots=True)
class _Shared:
    """What stages and routes have in common."""

    database: Database
    bundle: Bundle
    secrets: Secrets
    keys: SigningKeys
    tokens: Tokens
    mint: Mint
    public: str


def create_app(
    *,
    settings: Settings,
    database: Database,
    bundle: Bundle,
    clock: Clock = system_clock,
    mint: Mint = mint,
    ticks: Ticks = time.monotonic,
    counters: Counters | None = None,
    traces: TracerProvider | None = None,
    patience: float = PATIENCE,
) -> FastAPI:
    """The edge process. Its lifespan opens the database and loads the signing key."""
    shared = _shared(settings, database, bundle, mint=mint)
    counting = create_counters(settings, ticks)
    app = FastAPI(
        title="Omnigate",
        version=VERSION,
        middleware=_stages(shared, clock=clock, ticks=ticks, counters=counters or counting, patience=patience),
        exception_handlers=reraise,  # the outermost stage renders every error
        lifespan=_lifespan(shared, counting if isinstance(counting, SharedCounters) else nullcontext()),
        openapi_url=None,  # partners read contracts/openapi, not what code happens to say
        redirect_slashes=False,  # a path that no contract knows is not mended
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},  # ours is outside
    )
    for router in _routers(shared):
        app.include_router(router)
    choose_conventions()
    tracing.instrument(app, traces or tracing.start("omnigate-edge"))
    return app


def create_edge(settings: Settings, url: str, bundle: Bundle | None = None) -> FastAPI:
    """What `omnigate serve` runs over the database at *url*: in this process, or in one just started for it."""
    logs.configure(level=settings.log_level, remember=True)
    traces = tracing.start("omnigate-edge", endpoint=settings.otlp_endpoint, ratio=settings.trace_ratio)
    pool = Database(url, connections=settings.database_connections, name="omnigate-serve")
    bundle = bundle or load_bundle(settings.contracts, settings.policies)
    app = create_app(settings=settings, database=pool, bundle=bundle, traces=traces)
    gc.collect()
    gc.freeze()  # what is here to stay is walked no more: that held the loop up for 50 ms each time
    return app


def create_counters(settings: Settings, ticks: Ticks = time.monotonic) -> InProcessCounters | SharedCounters:
    """Where partners' budgets are counted. Raises `Misconfigured` for an address that is none."""
    alone = InProcessCounters(ticks, edges=settings.edges)
    return SharedCounters(settings.redis_url.get_secret_value(), local=alone) if settings.redis_url else alone


def _shared(settings: Settings, database: Database, bundle: Bundle, *, mint: Mint) -> _Shared:
    public = settings.public_address
    secrets = open_secrets(settings, database)
    keys = SigningKeys(secrets)
    return _Shared(
        database, bundle, secrets, keys=keys, tokens=Tokens(keys, address=public, mint=mint), mint=mint, public=public
    )


def _stages(shared: _Shared, *, clock: Clock, ticks: Ticks, counters: Counters, patience: float) -> list[Middleware]:
    return edge.stages(
        bundle=shared.bundle,
        credentials=Credentials(shared.database, shared.secrets, shared.tokens),
        counters=counters,
        ticks=ticks,
        clock=clock,
        mint=shared.mint,
        public=shared.public,
        patience=patience,
    )


def _routers(shared: _Shared) -> Iterator[APIRouter]:
    database, access, public = shared.database, shared.bundle.access, shared.public

    def decide(principal: Principal, action: str) -> Decision:
        return access.decide(Facts.of(principal, action))

    budget = shared.bundle.quotas.token_route
    per_address = f"{budget.quota} per {budget.window} second"
    yield orders(
        database, public=public, pages=PageTokens(shared.secrets), decide=decide, mint=shared.mint
    )  # first: most calls are theirs
    yield token_routes(database, tokens=shared.tokens, per_address=per_address)
    yield key_routes(shared.keys, public=public)
    yield edge_routes(database, public=public)
    yield callbacks(database, mint=shared.mint)


def _lifespan(
    shared: _Shared, counting: AbstractAsyncContextManager[object]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await shared.database.open()
        try:
            await shared.keys.load()
            async with counting:
                yield
        finally:
            await shared.database.close()

    return lifespan


@asynccontextmanager
async def create_worker(
    *, settings: Settings, database: Database, clock: Clock = system_clock, mint: Mint = mint
) -> AsyncIterator[Worker]:
    """A worker over the back ends that the settings name; the caller opens and closes the database."""
    async with rest_back_ends(
        payments_url=str(settings.payments_url), erp_url=str(settings.erp_url), wms_url=str(settings.wms_url)
    ) as back_ends:
        yield Worker(SAGAS, Tools(database, back_ends, clock, mint))


def open_secrets(settings: Settings, database: Database) -> Secrets:
    """The secrets of this installation: the same for edge, worker and command line."""
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    return Secrets(database, cipher(key=key, home=settings.home, embedded=settings.database_url is None))
