"""`omnigate inventory`: where stock lies, and taking over what the warehouse reports of it."""

import asyncio

import typer
from rich.console import Console

from gateway.back_ends import back_ends
from gateway.cli import nodes
from gateway.cli.inventory_audit import audit
from gateway.cli.opened import database, database_url
from gateway.settings import Settings, read_settings
from gateway.store import stock

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.add_typer(nodes.app, name="nodes")
app.command("audit")(audit)


@app.callback()
def _group() -> None:
    """Where stock lies, and taking over what the warehouse reports of it."""


@app.command()
def sync() -> None:
    """Read every stock level of the warehouse; counts older than ours are ignored, reservations stay claims."""
    settings = read_settings()
    with database_url(settings) as url:
        changed = asyncio.run(_sync(settings, url))
    Console().print(f"{changed} stock positions taken over")


async def _sync(settings: Settings, url: str) -> int:
    changed = 0
    async with database(url, name="omnigate-inventory") as opened, back_ends(settings) as connected:
        async for levels in connected.wms.stock():
            async with opened.transaction() as connection:
                changed += await stock.count(connection, levels)
    return changed
