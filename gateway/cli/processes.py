"""The processes: the edge, workers, the sandbox, and the migration that both of the first need."""

import asyncio
import signal
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
import uvloop
from rich.console import Console

from adapters.sandbox import EXAMPLE_CATALOGUE, CatalogueError, SandboxOptions, load_catalogue
from adapters.sandbox import run as run_sandbox
from gateway.app import create_counters, create_edge, create_worker, open_secrets
from gateway.cli.opened import database, database_url
from gateway.domain.time import system_clock
from gateway.edge.shared_counters import SharedCounters
from gateway.errors import Misconfigured
from gateway.governance.bundle import load_bundle
from gateway.partners.callback_secrets import PREFIX, live, new_callback_secret
from gateway.server import serve as serve_app
from gateway.server import supervise
from gateway.settings import Settings, read_settings
from gateway.store import embedded
from gateway.store import migrate as migrations
from gateway.store.pool import Database
from observability import logs, tracing

log = structlog.get_logger("omnigate.serve")


def serve(
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes on the one port; a dead one is replaced.")] = 1,
) -> None:
    """The edge: the APIs for partners and back ends. Stateless; start as many as you like."""
    given = read_settings()
    settings = given.model_copy(update={"edges": given.edges * workers})
    logs.configure(level=settings.log_level, remember=True)
    bundle = load_bundle(settings.contracts, settings.policies)
    _say_where_quotas_are_counted(settings)
    with database_url(settings) as url:
        if workers == 1:
            serve_app(create_edge(settings, url, bundle), host=settings.host, port=settings.port)
        else:
            starting = partial(create_edge, settings, url)
            supervise(starting, processes=workers, host=settings.host, port=settings.port)


def _say_where_quotas_are_counted(settings: Settings) -> None:
    """Raises `Misconfigured` for an address that is none, before anything is started."""
    shared = isinstance(create_counters(settings), SharedCounters)
    log.info("quotas", counted="in Redis" if shared else "in each process", share_of_a_process=f"1/{settings.edges}")


def worker() -> None:
    """A worker: carries transactions through the back ends. Start as many as you like; a dead one is replaced."""
    settings = read_settings()
    logs.configure(level=settings.log_level, remember=True)
    tracing.start("omnigate-worker", endpoint=settings.otlp_endpoint, ratio=settings.trace_ratio)
    with database_url(settings) as url:
        uvloop.run(_work(settings, url))


async def _work(settings: Settings, url: str) -> None:
    pool = Database(url, connections=settings.database_connections, name="omnigate-worker", patience=5.0)
    await pool.open()
    try:
        async with create_worker(settings=settings, database=pool) as working:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, working.stop)
            await working.work()
    finally:
        await pool.close()


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8090,
    catalogue: Annotated[Path | None, typer.Option(help="CSV with sku,gtin,on_hand.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="The ledgers' SQLite file; kept over restarts.")] = None,
    callback_url: Annotated[str | None, typer.Option(help="Where ship confirmations go.")] = None,
    callback_secret: Annotated[
        str | None, typer.Option(envvar="SANDBOX_CALLBACK_SECRET", help="whsec_…; default: this installation's.")
    ] = None,
    ship_after: Annotated[float, typer.Option(min=0, help="Seconds from release to shipment.")] = 0.3,
    seed: Annotated[int, typer.Option(help="Of the faults' dice.")] = 0,
) -> None:
    """The sandbox: pretend back ends, from payment provider to carrier, with ledgers of their own and faults."""
    settings = read_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        options = SandboxOptions(
            ledger=ledger or settings.home / "sandbox.sqlite",
            catalogue=load_catalogue(catalogue) if catalogue else EXAMPLE_CATALOGUE,
            callback_url=callback_url or f"{settings.public_address}/v1/callbacks/wms",
            callback_secret=callback_secret or _shared_secret(settings, "wms"),
            **_others_that_call(settings),
            ship_after=ship_after,
            seed=seed,
        )
    except (CatalogueError, ValueError) as error:
        raise Misconfigured(str(error)) from error
    run_sandbox(options, host=host, port=port)


def _others_that_call(settings: Settings) -> dict[str, Any]:
    """Where the callbacks of stores and payment provider and Stripe's events go, and what they are signed with."""
    return {
        "store_callback_url": f"{settings.public_address}/v1/callbacks/store",
        "store_callback_secret": _shared_secret(settings, "store"),
        "psp_callback_url": f"{settings.public_address}/v1/callbacks/psp",
        "psp_callback_secret": _shared_secret(settings, "psp"),
        "events_url": f"{settings.public_address}/v1/callbacks/stripe",
        "events_secret": _shared_secret(settings, "stripe"),
    }


def _shared_secret(settings: Settings, system: str) -> str:
    """The newest secret that this installation and *system* share; made when it is first asked for."""

    async def read(url: str) -> bytes:
        async with database(url, name="omnigate-sandbox") as opened:
            return await open_secrets(settings, opened).get_or_create(f"{PREFIX}{system}", new_callback_secret)

    with database_url(settings) as url:
        return live(asyncio.run(read(url)), system_clock())[0]


def migrate() -> None:
    """Bring the database to the schema of this version. Does nothing twice; safe from several processes at once."""
    settings = read_settings()
    if settings.database_url is not None:
        done = migrations.migrate(settings.database_url.get_secret_value())
    else:
        with embedded.acquire(settings.home) as server:
            done = migrations.migrate(server.url)
    Console().print("\n".join(done) if done else "the database is up to date")
