"""`omnigate inventory nodes`: where stock lies, from a file that the platform team keeps."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.acting import CONTROLLERS, acting, reading
from gateway.domain.identifiers import mint
from gateway.domain.nodes import Node
from gateway.domain.principal import Principal
from gateway.domain.time import system_clock
from gateway.errors import Misconfigured
from gateway.governance.contracts import load_contracts
from gateway.governance.nodes import read_nodes
from gateway.settings import read_settings
from gateway.store import nodes
from gateway.store.audit import Act, record_act
from gateway.store.node_truth import set_node
from gateway.store.pool import Connection, Database

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None:
    """Where stock lies, from a file that the platform team keeps."""


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="YAML: `nodes:`, and under it an id with what `put_node` takes.")],
) -> None:
    """Make or replace the nodes of the file: all of them, or none when one is wrong. Others stay as they are."""
    wanted = read_nodes(file, load_contracts(read_settings().contracts))
    changed = acting(lambda opened, operator: _load(opened, operator, wanted), roles=CONTROLLERS)
    Console().print(f"{len(wanted)} nodes, {changed} of them new or changed")


@app.command("list")
def list_() -> None:
    """Every node."""
    table = Table("node", "type", "name", "status", "priority", "source", "time zone")
    for row in reading(nodes.all_nodes):
        node = row.node
        zone = str(node.features.get("timezone", ""))
        table.add_row(node.node_id, node.type, node.name, node.status, str(node.priority), node.source_id, zone)
    Console().print(table)


async def _load(opened: Database, operator: Principal, wanted: list[Node]) -> int:
    async with opened.transaction() as connection:
        changed = [
            node for node in sorted(wanted, key=lambda node: node.node_id) if await _set(connection, operator, node)
        ]
        if await nodes.count_nodes(connection) > nodes.MOST:
            raise Misconfigured(f"with these there would be more than {nodes.MOST} nodes; nothing was changed")
    return len(changed)


async def _set(connection: Connection, operator: Principal, node: Node) -> bool:
    before = await nodes.lock_node(connection, node.node_id)
    if before is not None and before.node == node:
        return False
    if not await nodes.has_source(connection, node.source_id):
        raise Misconfigured(f"node '{node.node_id}': there is no source '{node.source_id}'; nothing was changed")
    act = Act(mint("aud"), operator.subject, system_clock())
    row = await set_node(connection, before, node, now=act.at)
    await record_act(connection, act, "inventory:govern", f"node:{node.node_id}", {"version": row.version})
    return True
