"""
`make demo-tryton`: the demo at Tryton's own pace. Tryton is the ERP and the warehouse, the sandbox takes the money.

Tryton is installed and set up when it is first asked for. Orders come in, the payment provider fails, a worker is
killed; then what the client was promised is compared with what is read back from Tryton over its own API.
"""

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from rich.console import Console
from rich.table import Table

from gateway.cli import demo_orders as shop
from gateway.cli.channel import Channel
from gateway.cli.demo_books import Ending, Entry, entries, reckon
from gateway.cli.demo_fleet import HOST, Fleet, free_port
from gateway.cli.demo_folder import fresh_folder
from gateway.cli.demo_report import Result
from gateway.cli.demo_shop import Day, endings, its_partner, kill_workers, place_all, watch
from gateway.cli.opened import database, database_url
from gateway.domain.time import system_clock
from gateway.partners.registry import Credentials
from gateway.settings import read_settings
from gateway.store.pool import Database
from gateway.store.runs import runs
from tests.peers.books import Sale, sales
from tests.peers.clerk import Clerk
from tests.peers.hand import warehouse_at_work
from tests.peers.tryton import Tryton, tryton
from tests.peers.wiring import variables

ORDERS, PER_SECOND, KILLS, SEED = 20, 1.5, 1, 1
PATIENCE = 900.0  # seconds from the last order: Tryton takes its time on a busy machine
WORKERS = ("worker-1", "worker-2")
# kind -> every how many of the payment provider's calls it strikes
FAULTS = {"delay": 5, "error_before": 7, "error_after": 8, "reset_after": 9, "garbage": 11, "hang_after": 13}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where it plays, and who plays."""

    folder: Path
    edge: str
    sandbox: str
    tryton: Tryton
    fleet: Fleet
    console: Console

    def say(self, what: str) -> None:
        self.console.print(what, markup=False, soft_wrap=True)


def main() -> int:
    console, settings = Console(highlight=False), read_settings()
    console.print("Tryton is being set up; the first time takes a minute")
    try:
        with fresh_folder(settings.home) as folder, tryton(folder / "tryton") as server:
            return asyncio.run(_demo(folder, server, console))
    except pytest.skip.Exception as missing:
        console.print(str(missing), markup=False)
        return 1


async def _demo(folder: Path, server: Tryton, console: Console) -> int:
    begun = time.monotonic()
    port, sandbox_port = free_port(), free_port()
    edge, sandbox = f"http://{HOST}:{port}", f"http://{HOST}:{sandbox_port}"
    ours = {"OMNIGATE_HOME": str(folder), "OMNIGATE_HOST": HOST, "OMNIGATE_PORT": str(port)}
    money = {"OMNIGATE_PAYMENTS_URL": f"{sandbox}/psp", "OMNIGATE_BACK_END_CALLS": "2"}  # more are in each other's way
    fleet = Fleet(folder / "logs", ours | money | variables(server, folder))
    stage = Stage(folder, edge, sandbox, server, fleet, console)
    own = read_settings().model_copy(update={"home": folder, "database_url": None, "secret_key": None})
    with database_url(own) as url:
        async with fleet, database(url, name="omnigate-demo") as opened:
            partner = await _set_up(stage, opened, sandbox_port)
            async with _channel(stage, partner) as channel, _psp(stage) as psp:
                assert (await psp.post("/faults", json=_rules())).is_success
                day = await _busy(stage, opened, channel)
                there = sales(Clerk(server))
                ended = await endings(channel, day)
                result = await _reckoned(opened, psp, day, ended, there, begun=begun)
    _print(stage, result, ended, there)
    return 1 if result.complaints() else 0


def _rules() -> dict[str, object]:
    rules = [{"system": "psp", "operation": "*", "kind": kind, "every": every} for kind, every in FAULTS.items()]
    return {"seed": SEED, "rules": rules}


def _channel(stage: Stage, partner: Credentials) -> Channel:
    return Channel(stage.edge, client_id=partner.client_id, client_secret=partner.client_secret)


def _psp(stage: Stage) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=stage.sandbox, trust_env=False, timeout=10.0)


async def _set_up(stage: Stage, opened: Database, sandbox_port: int) -> Credentials:
    """Everything but orders; the stock is what Tryton says it has."""
    fleet = stage.fleet
    await fleet.start("sandbox", "sandbox", "--port", str(sandbox_port))
    await fleet.start("edge", "serve")
    partner = await its_partner(opened)
    await fleet.answers("sandbox", f"{stage.sandbox}/healthz")
    await fleet.run("inventory", "inventory", "sync")
    for worker in WORKERS:
        await fleet.start(worker, "worker")
    await fleet.answers("edge", f"{stage.edge}/readyz")
    stage.say(f"edge {stage.edge}, sandbox {stage.sandbox}, Tryton {stage.tryton.url}, workers: {', '.join(WORKERS)}")
    stage.say(f"{ORDERS} orders at {PER_SECOND} a second; the payment provider fails, a worker is killed")
    return partner


async def _busy(stage: Stage, opened: Database, channel: Channel) -> Day:
    day = Day(ORDERS)
    wishes = shop.wishes(ORDERS, seed=SEED, now=system_clock())

    def told() -> None:
        print(f"\r{len(day.acks)} acknowledged, {day.resting} ended ", end="", file=sys.stderr, flush=True)

    async with warehouse_at_work(stage.tryton), asyncio.TaskGroup() as group:
        group.create_task(place_all(channel, wishes, day, told, per_second=PER_SECOND))
        group.create_task(kill_workers(stage.fleet, opened, WORKERS, day, KILLS))
        group.create_task(watch(channel, stage.fleet, day, told, patience=PATIENCE))
    print(file=sys.stderr)
    return day


async def _reckoned(
    opened: Database, psp: httpx2.AsyncClient, day: Day, ended: Sequence[Ending], there: Iterable[Sale], *, begun: float
) -> Result:
    summary = (await psp.get("/ledger/summary")).raise_for_status().json()
    books = [*await entries(psp), *(entry for sale in there for entry in _entries(sale))]
    return Result(
        day=day,
        endings=ended,
        findings=reckon(ended, books),
        parked=await runs(opened, parked=True, limit=1000),
        ledgers=summary,
        kills_wanted=KILLS,
        seconds=time.monotonic() - begun,
    )


def _entries(sale: Sale) -> Iterator[Entry]:
    """What stands in Tryton for an order, in the words of the other ledgers. A draft is no booking."""
    if sale.state == "draft":
        return
    yield Entry(sale.order_id, "sales_order", round(sale.total * 100))
    for state in sale.shipments:
        yield Entry(sale.order_id, "shipment")
        if state in ("shipped", "done", "cancelled"):
            yield Entry(sale.order_id, "shipment cancel" if state == "cancelled" else "shipped")
    if sale.cancelled:
        yield Entry(sale.order_id, "sales_order cancel")
    for state in sale.invoices:
        if state == "paid":
            yield Entry(sale.order_id, "invoice", round(sale.invoiced * 100))


def _print(stage: Stage, result: Result, ended: Sequence[Ending], there: Sequence[Sale]) -> None:
    table = Table("order", "its channel reads", "sale", "shipment", "invoice", "total", title="read back from Tryton")
    by_order = {sale.order_id: sale for sale in there}
    for ending in ended:
        row = _row(by_order.get(ending.order_id))
        table.add_row(ending.order_id, f"{ending.status} {ending.reason}", *row)
    stage.console.print(table)
    for kill in result.day.kills:
        stage.say(f"{kill.worker} was killed (SIGKILL) with {kill.in_flight} effects in flight")
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(result.ledgers["faults"].items()))
    stage.say(f"faults of the payment provider: {faults}; {result.seconds:.0f} s in all")
    for complaint in result.complaints():
        stage.say(complaint)
    stage.say(result.last_line)


def _row(sale: Sale | None) -> tuple[str, str, str, str]:
    if sale is None:
        return "none", "", "", ""
    return f"{sale.number} {sale.state}", ", ".join(sale.shipments), ", ".join(sale.invoices), str(sale.invoiced)


if __name__ == "__main__":
    raise SystemExit(main())
