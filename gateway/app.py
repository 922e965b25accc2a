"""Where Omnigate is put together: everything shared is made here and handed on by name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider

from adapters.rest import rest_back_ends
from gateway import VERSION, edge
from gateway.domain.identifiers import Mint, mint
from gateway.domain.time import Clock, system_clock
from gateway.edge.authentication import Credentials
from gateway.edge.counters import InProcessCounters
from gateway.edge.problems import reraise
from gateway.edge.routes import edge_routes
from gateway.governance.access import Facts
from gateway.governance.bundle import Bundle
from gateway.partners.keys import SigningKeys
from gateway.partners.routes import partner_routes
from gateway.partners.tokens import Tokens
from gateway.ports import Counters
from gateway.resources.callbacks import callbacks
from gateway.resources.orders import orders
from gateway.resources.pages import PageTokens
from gateway.settings import Settings
from gateway.store.pool import Database
from gateway.store.secrets import Secrets, cipher
from gateway.workflows.operations import SAGAS
from gateway.workflows.runner import Tools
from gateway.workflows.worker import Worker
from observability import tracing


def create_app(
    *,
    settings: Settings,
    database: Database,
    bundle: Bundle,
    clock: Clock = system_clock,
    mint: Mint = mint,
    counters: Counters | None = None,
    traces: TracerProvider | None = None,
) -> FastAPI:
    """The edge process. Its lifespan opens the database and loads the signing key."""
    public = settings.public_address
    secrets = open_secrets(settings, database)
    keys = SigningKeys(secrets)
    tokens = Tokens(keys, address=public, mint=mint)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.open()
        try:
            await keys.load()
            yield
        finally:
            await database.close()

    app = FastAPI(
        title="Omnigate",
        version=VERSION,
        middleware=edge.stages(
            bundle=bundle,
            credentials=Credentials(database, secrets, tokens),
            counters=counters or InProcessCounters(),
            clock=clock,
            mint=mint,
            public=public,
        ),
        exception_handlers=reraise,  # the outermost stage renders every error
        lifespan=lifespan,
        openapi_url=None,  # partners read contracts/openapi, not what code happens to say
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a path that no contract knows is not mended
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},  # ours is outside
    )
    budget = bundle.quotas.token_route
    per_address = f"{budget.quota} per {budget.window} second"
    app.include_router(partner_routes(database, tokens=tokens, keys=keys, public=public, per_address=per_address))
    app.include_router(edge_routes(database, public=public))
    app.include_router(
        orders(
            database,
            public=public,
            pages=PageTokens(secrets),
            decide=lambda principal, action: bundle.access.decide(Facts.of(principal, action)),
            mint=mint,
        )
    )
    app.include_router(callbacks(database, mint=mint))
    tracing.instrument(app, traces or tracing.start("omnigate-edge"))
    return app


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
