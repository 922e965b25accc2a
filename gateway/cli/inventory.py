"""`omnigate inventory`: take over the stock that the warehouse reports, or that stands in a file."""

import asyncio

import typer
from rich.console import Console

from gateway.back_ends import back_ends
from gateway.cli.inventory_load import load
from gateway.cli.opened import database, database_url
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.governance.inventory import load_inventory
from gateway.settings import Settings, read_settings
from gateway.store import stock
from gateway.store.views import Hearing

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None:
    """Take over the stock that the warehouse reports, or that stands in a file."""


app.command()(load)


@app.command()
def sync() -> None:
    """Read every stock level of the warehouse; counts older than ours are ignored, reservations stay claims."""
    settings = read_settings()
    with database_url(settings) as url:
        changed = asyncio.run(_sync(settings, url))
    Console().print(f"{changed} stock positions taken over")


async def _sync(settings: Settings, url: str) -> int:
    changed, policy = 0, load_inventory(settings.policies / "inventory.yaml")
    async with database(url, name="omnigate-inventory") as opened, back_ends(settings) as connected:
        async for levels in connected.wms.stock():
            async with opened.transaction() as connection:
                changed += await stock.count(connection, levels, hearing=Hearing(system_clock(), mint, policy))
    return changed
