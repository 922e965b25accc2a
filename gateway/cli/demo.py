"""`omnigate demo`: all of Omnigate on this machine, back ends that fail, workers that die, and then the books."""

import asyncio
import secrets
import signal
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.cli import demo_books as books
from gateway.cli import demo_faults as faults
from gateway.cli import demo_orders as shop
from gateway.cli import monday, tuesday
from gateway.cli.channel import Channel
from gateway.cli.demo_fleet import HOST, Fleet, free_port
from gateway.cli.demo_folder import fresh_folder
from gateway.cli.demo_report import Result, print_result
from gateway.cli.demo_shop import Day, endings, its_operator, its_partner, kill_workers, place_all, watch
from gateway.cli.monday_desk import desk_of
from gateway.cli.opened import database, database_url
from gateway.cli.saturday import load_nodes, play, town_of
from gateway.cli.saturday_goods import write_catalogue
from gateway.cli.saturday_report import print_saturday
from gateway.cli.tuesday_desk import office_of
from gateway.domain.time import system_clock
from gateway.partners.registry import Credentials
from gateway.settings import Settings, read_settings
from gateway.store.pool import Database
from gateway.store.runs import runs

WORKERS = ("worker-1", "worker-2")
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    orders: int
    kills: int
    seed: int
    leave: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """Where it plays."""

    folder: Path
    edge_url: str
    sandbox_url: str
    console: Console

    def say(self, what: str) -> None:
        self.console.print(what, markup=False, soft_wrap=True)


def demo(
    orders: Annotated[int, typer.Option(min=1, max=10_000)] = 300,
    leave: Annotated[bool, typer.Option("--exit", help="End when the result is printed.")] = False,
    kills: Annotated[int, typer.Option(min=0, help="Workers to kill with effects in flight.")] = 3,
    seed: Annotated[int, typer.Option(help="Of orders and faults.")] = 1,
) -> None:
    """Run everything here: orders come in, back ends fail, workers are killed; then compare promises with ledgers."""
    settings = read_settings()
    with fresh_folder(settings.home) as folder:
        try:
            complaints = asyncio.run(_unless_told(settings, folder, Wanted(orders, kills, seed, leave)))
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(1 if complaints else 0)


async def _unless_told(settings: Settings, folder: Path, wanted: Wanted) -> int:
    """The demo; SIGTERM and a closed terminal end it as Ctrl-C does."""
    this = asyncio.current_task()
    assert this is not None, "asyncio.run makes one"
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    try:
        return await _demo(settings, folder, wanted)
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def _demo(settings: Settings, folder: Path, wanted: Wanted) -> int:
    begun = time.monotonic()
    port, sandbox_port = (free_port(0 if wanted.leave else usual) for usual in (8080, 8090))
    stage = Stage(folder, f"http://{HOST}:{port}", f"http://{HOST}:{sandbox_port}", Console(highlight=False))
    own = settings.model_copy(update={"home": folder, "database_url": None, "secret_key": None})
    fleet = Fleet(folder / "logs", _variables(stage, port))
    with database_url(own) as url:
        stage.say(f"PostgreSQL is up and migrated in {folder}")
        async with fleet, database(url, name="omnigate-demo") as opened, _sandbox(stage) as sandbox:
            operator = await its_operator(opened)
            partner = await _set_up(stage, fleet, opened, sandbox_port, operator)
            await sandbox.post("/faults", json=faults.rules(wanted.seed))
            edge = Channel(stage.edge_url, client_id=partner.client_id, client_secret=partner.client_secret)
            async with edge:
                day = await _busy(fleet, opened, edge, wanted=wanted)
                result = await _reckoned(opened, edge, sandbox, day, wanted=wanted, begun=begun)
                print_result(stage.console, result)
                weekend = await _weekend(stage, fleet, opened, sandbox, seed=wanted.seed, earlier=day.acks)
                if complaints := [*result.complaints(), *weekend]:
                    stage.say(f"the logs are in {fleet.logs}")
                if not wanted.leave:
                    await _keep_serving(stage, fleet, edge, partner, operator)
    return len(complaints)


def _variables(stage: Stage, port: int) -> dict[str, str]:
    return {
        "OMNIGATE_HOME": str(stage.folder),
        "OMNIGATE_HOST": HOST,
        "OMNIGATE_PORT": str(port),
        "OMNIGATE_PAYMENTS_URL": f"{stage.sandbox_url}/psp",
        "OMNIGATE_ERP_URL": f"{stage.sandbox_url}/erp",
        "OMNIGATE_WMS_URL": f"{stage.sandbox_url}/wms",
        "OMNIGATE_STORE_URL": f"{stage.sandbox_url}/store",
        "OMNIGATE_CARRIER_URL": f"{stage.sandbox_url}/carrier",
        "OMNIGATE_NOTIFICATIONS_URL": f"{stage.sandbox_url}/notifications",
        "OMNIGATE_SUPPLIER_URL": f"{stage.sandbox_url}/supplier",
    }


@asynccontextmanager
async def _sandbox(stage: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=stage.sandbox_url, trust_env=False, timeout=10.0) as client:
        yield client


async def _set_up(
    stage: Stage, fleet: Fleet, opened: Database, sandbox_port: int, operator: Credentials
) -> Credentials:
    """Everything but orders: nodes with stock, seven back ends, the edge, two workers, a partner."""
    catalogue = stage.folder / "catalogue.csv"
    write_catalogue(catalogue)
    await fleet.start("sandbox", "sandbox", "--port", str(sandbox_port), "--catalogue", str(catalogue))
    await fleet.start("edge", "serve")
    partner = await its_partner(opened)
    await fleet.answers("sandbox", f"{stage.sandbox_url}/healthz")
    for worker in WORKERS:
        await fleet.start(worker, "worker")
    await load_nodes(fleet, stage.folder, operator)
    await fleet.run("inventory", "inventory", "sync")
    await fleet.answers("edge", f"{stage.edge_url}/readyz")
    stage.say(f"edge {stage.edge_url}, sandbox {stage.sandbox_url}, workers: {', '.join(WORKERS)}")
    return partner


async def _busy(fleet: Fleet, opened: Database, edge: Channel, *, wanted: Wanted) -> Day:
    day = Day(wanted.orders)
    wishes = shop.wishes(wanted.orders, seed=wanted.seed, now=system_clock())
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        placed, ended = (progress.add_task(name, total=wanted.orders) for name in ("acknowledged", "ended"))

        def told() -> None:
            progress.update(placed, completed=len(day.acks))
            progress.update(ended, completed=day.resting)

        async with asyncio.TaskGroup() as group:
            group.create_task(place_all(edge, wishes, day, told))
            group.create_task(kill_workers(fleet, opened, WORKERS, day, wanted.kills))
            group.create_task(watch(edge, fleet, day, told))
    return day


async def _reckoned(
    opened: Database, edge: Channel, sandbox: httpx2.AsyncClient, day: Day, *, wanted: Wanted, begun: float
) -> Result:
    ended = await endings(edge, day)
    summary = await sandbox.get("/ledger/summary")
    return Result(
        day=day,
        endings=ended,
        findings=books.reckon(ended, await books.entries(sandbox)),
        parked=await runs(opened, parked=True, limit=1000),
        ledgers=summary.raise_for_status().json(),
        kills_wanted=wanted.kills,
        seconds=time.monotonic() - begun,
    )


async def _weekend(
    stage: Stage, fleet: Fleet, opened: Database, sandbox: httpx2.AsyncClient, *, seed: int, earlier: Collection[str]
) -> list[str]:
    """The acts after the first; the Saturday is reckoned before anything comes back. What did not end well."""
    async with town_of(opened, stage.edge_url, sandbox) as town, desk_of(opened, stage.edge_url, town) as desk:
        saturday = await play(town, fleet, opened, stage.say, seed=seed, earlier=earlier)
        print_saturday(stage.console, saturday)
        back = await monday.play(desk, fleet, opened, stage.say)
        monday.print_monday(stage.console, back)
        async with office_of(opened, stage.edge_url, town) as office:
            bought = await tuesday.play(office, fleet, opened, stage.say)
        tuesday.print_tuesday(stage.console, bought)
    findings = [*saturday.findings, *back.findings, *bought.findings]
    stage.say(replace(saturday, findings=findings, parked=bought.parked).last_line)
    return [*saturday.complaints(), *back.complaints(), *bought.complaints()]


async def _keep_serving(stage: Stage, fleet: Fleet, edge: Channel, partner: Credentials, operator: Credentials) -> None:
    order = [each async for each in edge.orders()][-1]["order_id"]
    auth = '-H "Authorization: Bearer $TOKEN"'
    key = secrets.token_hex(16)
    client = f"{partner.client_id}:{partner.client_secret}"
    for line in (
        "",
        "everything keeps running; to try, in another shell:",
        f"  TOKEN={await edge.token()}",
        f"  curl {auth} {stage.edge_url}/v1/orders/{order}",
        f"  curl {auth} {stage.edge_url}/v1/orders/{order}/events",
        f"  curl {auth} '{stage.edge_url}/v1/orders?page_size=5'",
        f"  curl {auth} -H 'Idempotency-Key: {key}' -X POST {stage.edge_url}/v1/orders/{order}/cancel",
        f"  curl -u {client} -d grant_type=client_credentials {stage.edge_url}/oauth/token",
        f"  curl {stage.sandbox_url}/ledger/summary",
        f"  export OMNIGATE_HOME={stage.folder}",
        f"  export OMNIGATE_OPERATOR_ID={operator.client_id} OMNIGATE_OPERATOR_SECRET={operator.client_secret}",
        f"  omnigate orders show {order}",
        f"  omnigate orders why {order}",
        "  omnigate exceptions list",
        "Ctrl-C ends it.",
    ):
        stage.say(line)
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    while not told.is_set():
        fleet.watch()
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), 1)
