"""Where Omnigate is put together: everything shared is made here and handed on by name."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext

from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import TracerProvider
from starlette.middleware import Middleware

from gateway import VERSION, edge
from gateway.back_ends import FOREIGN, back_ends
from gateway.context import STOPPING
from gateway.domain.identifiers import Mint, mint
from gateway.domain.time import Clock, Ticks, system_clock
from gateway.edge.authentication import Credentials
from gateway.edge.counters import InProcessCounters
from gateway.edge.dispatch import functions_of
from gateway.edge.door import Door
from gateway.edge.limits import PATIENCE
from gateway.edge.places import Places
from gateway.edge.shared_counters import SharedCounters
from gateway.framework import Lifespan, State, framework, record_spans
from gateway.governance.approvals import load_approvals
from gateway.governance.bundle import Bundle, load_bundle
from gateway.governance.inventory import load_inventory
from gateway.governance.matching import load_matching
from gateway.governance.sourcing import load_sourcing
from gateway.governance.suppliers import load_clocks
from gateway.memory import give_back_large_buffers, keep_what_stands
from gateway.metering import metered
from gateway.partners.keys import SigningKeys
from gateway.partners.tokens import Tokens
from gateway.ports import Counters
from gateway.resources.events.feed import EventFeed
from gateway.resources.inventory.changes import Changes
from gateway.resources.pages import PageTokens
from gateway.routers import Shared, routers
from gateway.server import Served, terms
from gateway.settings import Settings
from gateway.store.decisions import Decisions
from gateway.store.pool import Database
from gateway.store.secrets import Secrets, cipher
from gateway.workflows.books import warehouse_books
from gateway.workflows.place_order import Terms, sagas
from gateway.workflows.tools import Tools
from gateway.workflows.worker import Worker
from observability import logs, tracing
from observability.metrics import EdgeMetrics, WorkerMetrics


def create_app(
    *,
    settings: Settings,
    database: Database,
    bundle: Bundle,
    clock: Clock = system_clock,
    mint: Mint = mint,
    ticks: Ticks = time.monotonic,
    counters: Counters | None = None,
    places: Places | None = None,
    traces: TracerProvider | None = None,
    patience: float = PATIENCE,
    metrics: EdgeMetrics | None = None,
) -> FastAPI:
    """The edge process. Its lifespan opens the database and loads the signing keys. *places* are the server's, too."""
    shared = _shared(settings, database, bundle, metrics, clock=clock, ticks=ticks, mint=mint)
    doors = tuple(routers(shared))
    stages = _stages(shared, doors, counters=counters, places=places, patience=patience)
    app = framework(stages, _lifespan(shared))
    for router in doors:
        app.include_router(router)
    record_spans(app, traces or tracing.start("omnigate-edge"))
    return app


def create_edge(settings: Settings, url: str, bundle: Bundle | None = None) -> Served:
    """What `omnigate serve` runs over the database at *url*: in this process, or in one just started for it."""
    logs.configure(level=settings.log_level, remember=True)
    traces = tracing.start("omnigate-edge", endpoint=settings.otlp_endpoint, ratio=settings.trace_ratio)
    pool = Database(url, connections=settings.database_connections, name="omnigate-serve")
    bundle = bundle or load_bundle(settings.contracts, settings.policies)
    metrics, places, public = EdgeMetrics(VERSION), Places(bundle.admission), settings.public_address
    door = Door(places, bundle.contracts, public=public, not_taken=metrics.not_taken)
    app = create_app(settings=settings, database=pool, bundle=bundle, traces=traces, places=places, metrics=metrics)
    keep_what_stands()
    return Served(app, terms(public=public, door=door, trusted=settings.trusted_proxies, not_taken=metrics.not_taken))


def create_counters(settings: Settings, ticks: Ticks = time.monotonic) -> InProcessCounters | SharedCounters:
    """Where partners' budgets are counted. Raises `Misconfigured` for an address that is none."""
    alone = InProcessCounters(ticks, edges=settings.edges)
    return SharedCounters(settings.redis_url.get_secret_value(), local=alone) if settings.redis_url else alone


def _shared(
    settings: Settings,
    database: Database,
    bundle: Bundle,
    metrics: EdgeMetrics | None,
    *,
    clock: Clock,
    ticks: Ticks,
    mint: Mint,
) -> Shared:
    secrets = open_secrets(settings, database)
    keys = SigningKeys(secrets, clock=clock)
    pages = PageTokens(secrets)
    return Shared(
        settings=settings,
        database=database,
        bundle=bundle,
        secrets=secrets,
        keys=keys,
        tokens=Tokens(keys, address=settings.public_address, mint=mint),
        decisions=Decisions(database.url),
        pages=pages,
        changes=Changes(database, pages),
        feed=EventFeed(database, pages),
        metrics=metrics or EdgeMetrics(VERSION),
        counting=create_counters(settings, ticks),
        clock=clock,
        ticks=ticks,
        mint=mint,
    )


def _stages(
    shared: Shared,
    routers: Iterable[APIRouter],
    *,
    counters: Counters | None,
    places: Places | None,
    patience: float,
) -> list[Middleware]:
    parts = edge.Parts(
        bundle=shared.bundle,
        credentials=Credentials(shared.database, shared.secrets, shared.tokens, FOREIGN),
        counters=counters or shared.counting,
        places=places or Places(shared.bundle.admission),
        ticks=shared.ticks,
        clock=shared.clock,
        mint=shared.mint,
        public=shared.public,
        metrics=shared.metrics,
        functions=functions_of(routers),
        patience=patience,
        trusted=shared.settings.trusted_proxies,
    )
    return edge.stages(parts)


START = 20.0  # seconds for which an edge that starts waits for its database; no request waits so long


def _lifespan(shared: Shared) -> Lifespan:
    counting = shared.counting if isinstance(shared.counting, SharedCounters) else nullcontext()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        give_back_large_buffers()
        await shared.database.open(within=START)
        metering = metered(
            shared.metrics.process, settings=shared.settings, database=shared.database, ticks=shared.ticks
        )
        try:
            await shared.keys.load()
            await shared.decisions.open()
            async with counting, metering:
                yield {STOPPING: shared.stop}
        finally:
            await shared.decisions.close()
            await shared.database.close()

    return lifespan


@asynccontextmanager
async def create_worker(
    *,
    settings: Settings,
    database: Database,
    clock: Clock = system_clock,
    mint: Mint = mint,
    ticks: Ticks = time.monotonic,
    metrics: WorkerMetrics | None = None,
) -> AsyncIterator[Worker]:
    """A worker over the back ends that the settings name; the caller opens and closes the database."""
    metrics = metrics or WorkerMetrics(VERSION)
    metering = metered(metrics.process, settings=settings, database=database, ticks=ticks)
    async with back_ends(settings, metrics.back_ends) as connected, metering:
        policy = load_inventory(settings.policies / "inventory.yaml")
        books = warehouse_books(policy, mint)
        tools = Tools(database, connected, clock, mint, metrics=metrics, books=books)
        sourcing = load_sourcing(settings.policies / "sourcing.yaml")
        in_parts = connected.payments.manifest["capture"].in_parts
        approvals = load_approvals(settings.policies / "approvals.yaml")
        credits_goods = connected.credits is not None
        clocks = load_clocks(settings.policies / "suppliers.yaml")
        terms = Terms(
            *(sourcing, policy, in_parts, frozenset(connected.present), approvals, credits_goods),
            books_purchases=connected.purchasing is not None,
            clocks=clocks,
        )
        matching = load_matching(settings.policies / "suppliers.yaml")
        yield Worker(sagas(terms, mint), tools, policy=policy, matching=matching, clocks=clocks)


def open_secrets(settings: Settings, database: Database) -> Secrets:
    """The secrets of this installation: the same for edge, worker and command line."""
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    return Secrets(database, cipher(key=key, home=settings.home, embedded=settings.database_url is None))
