"""`omnigate partners`: who may call, for which channels, with which scopes and on which plan."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.opened import database, database_url
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.errors import Misconfigured
from gateway.governance.quotas import load_quotas
from gateway.partners.registry import Credentials, Registry
from gateway.settings import read_settings

app = typer.Typer(no_args_is_help=True, help=__doc__)

Result = TypeVar("Result")
Operator = Annotated[
    str, typer.Option("--operator", envvar="OMNIGATE_OPERATOR", help="Who you are; every change is audited under it.")
]


@app.command()
def add(
    partner: Annotated[str, typer.Argument(help="A short name, like 'webshop'.")],
    operator: Operator,
    channel: Annotated[list[str], typer.Option("--channel", help="A channel it speaks for; may be repeated.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Default: orders:read and orders:write.")] = None,
    plan: Annotated[str, typer.Option(help="A plan of policies/quotas.yaml.")] = "standard",
    name: Annotated[str, typer.Option(help="How people call it.")] = "",
) -> None:
    """Register a partner; its secret is shown once."""
    _check_plan(plan)
    scopes = frozenset(scope or ("orders:read", "orders:write"))
    _show(
        _registered(
            lambda registry: registry.add(
                partner, channels=frozenset(channel), scopes=scopes, plan=plan, operator=operator, name=name
            )
        )
    )


@app.command("list")
def list_() -> None:
    """Every partner, without secrets."""
    table = Table(
        Column("partner", min_width=10),
        "name",
        Column("client id", min_width=33),
        "channels",
        "scopes",
        "plan",
        "status",
    )
    for row in _registered(lambda registry: registry.list()):
        table.add_row(
            row.partner_id,
            row.name,
            row.client_id,
            ", ".join(sorted(row.channels)),
            " ".join(sorted(row.scopes)),
            row.plan,
            row.status,
        )
    Console().print(table)


@app.command("rotate-secret")
def rotate_secret(partner: str, operator: Operator) -> None:
    """Give a partner a new secret; the old one is void at once."""
    _show(_registered(lambda registry: registry.rotate_secret(partner, operator=operator)))


@app.command()
def suspend(partner: str, operator: Operator) -> None:
    """Shut a partner out: its tokens are refused within five seconds."""
    _registered(lambda registry: registry.suspend(partner, operator=operator))
    Console().print(f"{partner} is suspended")


@app.command()
def resume(partner: str, operator: Operator) -> None:
    """Let a suspended partner in again, with the secret it has."""
    _registered(lambda registry: registry.resume(partner, operator=operator))
    Console().print(f"{partner} may call again")


def _check_plan(plan: str) -> None:
    plans = load_quotas(read_settings().policies / "quotas.yaml").plans
    if plan not in plans:
        raise Misconfigured(f"there is no plan '{plan}' in policies/quotas.yaml; known: {', '.join(sorted(plans))}")


def _registered(act: Callable[[Registry], Awaitable[Result]]) -> Result:
    async def do(url: str) -> Result:
        async with database(url, name="omnigate-cli") as opened:
            return await act(Registry(opened, clock=system_clock, mint=mint))

    with database_url(read_settings()) as url:
        return asyncio.run(do(url))


def _show(credentials: Credentials) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"partner        {credentials.partner_id}")
    console.print(f"client_id      {credentials.client_id}")
    console.print(f"client_secret  {credentials.client_secret}   (shown once; keep it now)")
