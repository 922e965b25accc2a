"""`omnigate inventory`: where stock lies, and taking over what warehouses report or a file says of it."""

import asyncio
from collections import Counter

import typer
from rich.console import Console

from gateway.back_ends import back_ends
from gateway.cli import nodes
from gateway.cli.inventory_audit import audit
from gateway.cli.inventory_load import load
from gateway.cli.opened import database, database_url
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.governance.inventory import load_inventory
from gateway.settings import Settings, read_settings
from gateway.store import stock
from gateway.store.nodes import all_nodes
from gateway.store.views import Hearing

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.add_typer(nodes.app, name="nodes")
app.command("audit")(audit)


@app.callback()
def _group() -> None:
    """Where stock lies, and taking over what warehouses report or a file says of it."""


app.command()(load)


@app.command()
def sync() -> None:
    """Read every stock level at every node; counts older than ours are ignored, reservations stay claims.

    What lies at nodes that are not known here is left out, and told of at the end: exit code 1.
    """
    settings = read_settings()
    with database_url(settings) as url:
        changed, unknown = asyncio.run(_sync(settings, url))
    Console().print(f"{changed} stock positions taken over")
    for node, levels in sorted(unknown.items()):
        said = f"the node '{node}' is not known here, and {levels} of its counts were left out"
        Console(stderr=True).print(f"{said}: add it by `omnigate inventory nodes load`, and sync again")
    if unknown:
        raise typer.Exit(1)


async def _sync(settings: Settings, url: str) -> tuple[int, Counter[str]]:
    """How many positions changed, and how many counts were about each node that is not known."""
    changed, unknown, policy = 0, Counter[str](), load_inventory(settings.policies / "inventory.yaml")
    async with database(url, name="omnigate-inventory") as opened, back_ends(settings) as connected:
        known = {row.node.node_id for row in await all_nodes(opened)}
        async for levels in connected.wms.stock():
            unknown.update(level.node for level in levels if level.node not in known)
            async with opened.transaction() as connection:
                ours = [level for level in levels if level.node in known]
                changed += await stock.count(connection, ours, hearing=Hearing(system_clock(), mint, policy))
    return changed, unknown
