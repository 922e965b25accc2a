"""`omnigate operators`: the people and tools that operate this installation, and their roles."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import ADMIN, acting, operator_of_shell, reading
from gateway.cli.opened import database, database_url
from gateway.cli.overlap import USUAL_OVERLAP, AtOnce, Overlap, end_of_overlap, overlap_of
from gateway.domain.identifiers import mint
from gateway.domain.time import rfc3339, system_clock
from gateway.partners.operators import BOOTSTRAP, OperatorRegistry, refuse_unless_one_of
from gateway.partners.registry import Credentials
from gateway.settings import Settings, read_settings
from gateway.store.pool import Database

app = typer.Typer(no_args_is_help=True, help=__doc__)

Roles = Annotated[
    list[str],
    typer.Option(
        "--role",
        help="viewer, support, inventory_controller, finance, approver, buyer, receiver, accounts_payable, platform, "
        "admin; may be repeated.",
    ),
]


@app.command()
def add(operator: Annotated[str, typer.Argument(help="A short name, like 'ada'.")], role: Roles) -> None:
    """Register an operator; the secret is shown once. The first one needs no other and has to be an admin."""
    settings = read_settings()
    with database_url(settings) as url:
        credentials = asyncio.run(_added(url, settings, operator, frozenset(role)))
    _show(credentials)


async def _added(url: str, settings: Settings, operator: str, roles: frozenset[str]) -> Credentials:
    async with database(url, name="omnigate-cli") as opened:
        registry = _registry(opened)
        if await registry.is_empty():
            return await registry.add(operator, roles=roles, by=BOOTSTRAP)
        admin = await operator_of_shell(settings, opened)
        refuse_unless_one_of(ADMIN, admin)
        return await registry.add(operator, roles=roles, by=admin.subject)


@app.command("list")
def list_() -> None:
    """Every operator, without secrets."""
    table = Table(
        Column("operator", min_width=10), Column("client id", min_width=35), "roles", "status", "older secret"
    )
    now = system_clock()
    for row in reading(lambda opened: _registry(opened).list()):
        until = row.older_secret_until
        older = f"until {rfc3339(until)}" if until is not None and now < until else ""
        table.add_row(row.operator_id, row.client_id, " ".join(sorted(row.roles)), row.status, older)
    Console().print(table)


@app.command()
def change(operator: str, role: Roles) -> None:
    """Give an operator these roles instead of those before; it counts within five seconds."""
    roles = frozenset(role)
    after = acting(lambda opened, by: _registry(opened).change(operator, roles=roles, by=by.subject), roles=ADMIN)
    typer.echo(f"{operator} is {', '.join(sorted(after.roles))}")


@app.command("rotate-secret")
def rotate_secret(operator: str, overlap: Overlap = USUAL_OVERLAP, at_once: AtOnce = False) -> None:
    """Give an operator a new secret, shown once; the one before works until the overlap is over."""
    during = overlap_of(overlap, at_once=at_once)
    _show(
        acting(lambda opened, by: _registry(opened).rotate_secret(operator, by=by.subject, overlap=during), roles=ADMIN)
    )
    typer.echo(end_of_overlap(during))


@app.command()
def suspend(operator: str) -> None:
    """Shut an operator out: commands at once, tokens within five seconds."""
    acting(lambda opened, by: _registry(opened).suspend(operator, by=by.subject), roles=ADMIN)
    typer.echo(f"{operator} is suspended")


@app.command()
def resume(operator: str) -> None:
    """Let a suspended operator in again, with the secret there was."""
    acting(lambda opened, by: _registry(opened).resume(operator, by=by.subject), roles=ADMIN)
    typer.echo(f"{operator} may act again")


def _registry(opened: Database) -> OperatorRegistry:
    return OperatorRegistry(opened, clock=system_clock, mint=mint)


def _show(credentials: Credentials) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"operator                  {credentials.name}")
    console.print(f"OMNIGATE_OPERATOR_ID      {credentials.client_id}")
    console.print(f"OMNIGATE_OPERATOR_SECRET  {credentials.client_secret}   (shown once; keep it now)")
