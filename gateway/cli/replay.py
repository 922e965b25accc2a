"""`omnigate replay`: a channel that places the orders of a file; stopped and run again, it changes nothing twice."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gateway.cli.channel import Channel
from gateway.cli.replay_file import read_rows
from gateway.cli.replay_orders import Invoice, Sales, body_of, sales_of, write_catalogue
from gateway.cli.replay_summary import Outcome, print_summary
from gateway.errors import Misconfigured, Unavailable

STANDSTILL = 60.0  # seconds without any order moving, after which waiting is given up
GREETING = 5.0  # seconds in which the edge must answer at all
POLL = 1.0
AT_REST = frozenset({"completed", "rejected", "cancelled"})


def replay(
    file: Annotated[Path, typer.Argument(help=".csv or .csv.gz: InvoiceNo, StockCode, Description, Quantity, …")],
    url: Annotated[str, typer.Option(help="Where the edge is.")] = "http://127.0.0.1:8080",
    client_id: Annotated[str, typer.Option(envvar="OMNIGATE_CLIENT_ID")] = "",
    client_secret: Annotated[str, typer.Option(envvar="OMNIGATE_CLIENT_SECRET")] = "",
    *,
    channel: Annotated[str, typer.Option(help="The channel whose orders they are.")] = "web",
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Calls under way at once.")] = 8,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many orders.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until every order has come to rest.")] = False,
    catalogue: Annotated[
        Path | None, typer.Option(help="Write what the sandbox must stock for these orders, and place none.")
    ] = None,
) -> None:
    """Place the orders of FILE as their channel would. Old ones need the scope orders:import_history."""
    sales = sales_of(read_rows(file)).first(limit)
    if catalogue is not None:
        Console().print(f"{write_catalogue(sales, catalogue)} articles for {len(sales.orders)} orders in {catalogue}")
        return
    if not client_id or not client_secret:
        raise Misconfigured(
            "who places these orders? Give --client-id and --client-secret, or OMNIGATE_CLIENT_ID and"
            " OMNIGATE_CLIENT_SECRET; `omnigate partners add` shows both"
        )
    if not url.startswith(("http://", "https://")):
        raise Misconfigured(f"--url must begin with http:// or https://, not '{url}'")
    edge = Channel(url, client_id=client_id, client_secret=client_secret, concurrency=concurrency)
    raise typer.Exit(_replayed(edge, sales, channel=channel, concurrency=concurrency, wait=wait))


def _replayed(edge: Channel, sales: Sales, *, channel: str, concurrency: int, wait: bool) -> int:
    outcome, begun, stopped = Outcome(), time.monotonic(), ""
    try:
        asyncio.run(_placed(edge, sales, outcome, channel=channel, concurrency=concurrency, wait=wait))
    except KeyboardInterrupt:
        stopped = "stopped; run the same command again to go on"
    except Unavailable as error:
        stopped = f"{error.detail}; run the same command again to go on"
    if wait and not stopped and not outcome.came_to_rest:
        stopped = (
            f"not all came to rest, and none has moved for {STANDSTILL:.0f} s; `omnigate workflows list` tells why"
        )
    outcome.seconds = outcome.seconds or time.monotonic() - begun
    print_summary(sales, outcome, stopped=stopped)
    return 1 if stopped or outcome.refused else 0


async def _placed(edge: Channel, sales: Sales, outcome: Outcome, *, channel: str, concurrency: int, wait: bool) -> None:
    begun = time.monotonic()
    async with edge:
        await edge.token(patience=GREETING)  # a wrong address or secret is said once, before anything else
        with _progress() as progress:
            bar = progress.add_task("placing", total=len(sales.orders))
            waiting = iter(sales.orders)

            async def place(waiting: Iterator[Invoice]) -> None:
                for invoice in waiting:
                    outcome.add(invoice, await edge.place(body_of(invoice, channel)))
                    progress.advance(bar)

            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(concurrency):
                        group.create_task(place(waiting))
            except ExceptionGroup as several:  # all for the same reason: no answer any more
                raise several.exceptions[0] from None
            outcome.seconds = time.monotonic() - begun
            if wait:
                await _wait_for_rest(edge, outcome, progress)


async def _wait_for_rest(edge: Channel, outcome: Outcome, progress: Progress) -> None:
    """Until every order of this run has ended, or none has moved for a while."""
    ours = {ack.order_id for ack in outcome.acks}
    bar = progress.add_task("coming to rest", total=len(ours))
    seen: dict[str, str] = {}
    moved = time.monotonic()
    while time.monotonic() - moved < STANDSTILL:
        before, seen = seen, {}
        async for order in edge.orders():
            if order["order_id"] in ours:
                seen[order["order_id"]] = order["status"]
            if len(seen) == len(ours):
                break
        moved = time.monotonic() if seen != before else moved
        outcome.statuses = seen
        resting = sum(status in AT_REST for status in seen.values())
        progress.update(bar, completed=resting)
        if resting == len(ours):
            outcome.came_to_rest = True
            return
        await asyncio.sleep(POLL)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
