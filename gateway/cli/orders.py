"""`omnigate orders`: find one transaction and follow it through every system."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.opened import database, database_url
from gateway.cli.orders_backordered import backordered
from gateway.cli.orders_collect import collect
from gateway.cli.orders_hold import hold, holds, unhold
from gateway.cli.orders_why import why
from gateway.domain.time import rfc3339
from gateway.errors import Misconfigured
from gateway.settings import read_settings
from gateway.store import timeline
from gateway.store.timeline import Found, Moment

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.command()(why)
app.command()(hold)
app.command()(unhold)
app.command()(holds)
app.command()(collect)
app.command()(backordered)


@app.callback()
def _group() -> None:
    """Find one transaction and follow it through every system."""


@app.command()
def show(
    term: Annotated[str, typer.Argument(help="Order id, channel order id, idempotency key or trace id.")],
) -> None:
    """Print the timeline of every order that TERM names, from the journal."""
    with database_url(read_settings()) as url:
        found = asyncio.run(_found(url, term))
    if not found:
        raise Misconfigured(f"no order has the id, channel order id, idempotency key or trace id '{term}'")
    console = Console(soft_wrap=True, highlight=False)
    for order, moments in found:
        _print(console, order, moments)


async def _found(url: str, term: str) -> list[tuple[Found, list[Moment]]]:
    async with database(url, name="omnigate-cli") as opened:
        orders = await timeline.find(opened, term)
        return [(order, await timeline.timeline(opened, order.order_id)) for order in orders]


def _print(console: Console, order: Found, moments: list[Moment]) -> None:
    console.print(
        f"\n[bold]{order.order_id}[/bold]  channel order {order.channel_order_id}  [bold]{order.status}[/bold]"
        f"  workflow {order.run_state}  trace {order.trace_id}"
    )
    if order.cause:
        console.print(f"  cause: {order.cause.get('code')}: {order.cause.get('detail')}")
    for moment in moments:
        console.print(_line(moment), style=_style(moment))


def _line(moment: Moment) -> str:
    """One line a moment, never cut: it is read by people and by grep."""
    facts = " ".join(f"{name}={value}" for name, value in moment.facts.items() if value not in (None, "", [], {}))
    took = "" if moment.milliseconds is None else f"{moment.milliseconds} ms"
    told = f"{moment.kind:<7} {moment.where:<22} {moment.what:<34} {moment.outcome:<10}"
    return f"{rfc3339(moment.at)} {took:>9}  {told} {facts}"


def _style(moment: Moment) -> str:
    if moment.outcome in ("rejected", "failed", "unknown", "cut off"):
        return "yellow"
    return "cyan" if moment.kind == "event" else ""
