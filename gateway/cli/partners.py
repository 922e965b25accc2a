"""`omnigate partners`: who may call, for which channels, with which scopes and on which plan."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import PLATFORM, acting, reading
from gateway.cli.overlap import USUAL_OVERLAP, AtOnce, Overlap, end_of_overlap, overlap_of
from gateway.domain.identifiers import mint
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Misconfigured
from gateway.governance.quotas import load_quotas
from gateway.partners.registry import Change, Credentials, Registry
from gateway.settings import read_settings
from gateway.store.pool import Database

app = typer.Typer(no_args_is_help=True, help=__doc__)

Result = TypeVar("Result")
Names = Annotated[list[str] | None, typer.Option(help="May be repeated.")]


@app.command()
def add(
    partner: Annotated[str, typer.Argument(help="A short name, like 'webshop'.")],
    channel: Annotated[
        list[str] | None,
        typer.Option("--channel", help="A channel it speaks for; may be repeated. Who places no orders needs none."),
    ] = None,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Default: orders:read and orders:write.")] = None,
    plan: Annotated[str, typer.Option(help="A plan of policies/quotas.yaml.")] = "standard",
    name: Annotated[str, typer.Option(help="How people call it.")] = "",
) -> None:
    """Register a partner; its secret is shown once."""
    _check_plan(plan)
    scopes = frozenset(scope or ("orders:read", "orders:write"))
    _show(
        _registered(
            lambda registry, operator: registry.add(
                partner, channels=frozenset(channel or ()), scopes=scopes, plan=plan, operator=operator, name=name
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
        "older secret",
    )
    now = system_clock()
    for row in reading(lambda opened: _registry(opened).list()):
        table.add_row(
            row.partner_id,
            row.name,
            row.client_id,
            ", ".join(sorted(row.channels)),
            " ".join(sorted(row.scopes)),
            row.plan,
            row.status,
            f"until {rfc3339(until)}" if (until := row.older_secret_until) is not None and now < until else "",
        )
    Console().print(table)


@app.command()
def change(
    partner: str,
    add_channel: Names = None,
    drop_channel: Names = None,
    add_scope: Names = None,
    drop_scope: Names = None,
    plan: Annotated[str | None, typer.Option(help="A plan of policies/quotas.yaml.")] = None,
    name: Annotated[str | None, typer.Option(help="How people call it.")] = None,
) -> None:
    """Change channels, scopes, plan or name. It counts within five seconds; a new scope, for new tokens."""
    if plan is not None:
        _check_plan(plan)
    wanted = Change(
        add_channels=frozenset(add_channel or ()),
        drop_channels=frozenset(drop_channel or ()),
        add_scopes=frozenset(add_scope or ()),
        drop_scopes=frozenset(drop_scope or ()),
        plan=plan,
        name=name,
    )
    if wanted == Change():
        raise Misconfigured("nothing is to be changed; see `omnigate partners change --help`")
    after = _registered(lambda registry, operator: registry.change(partner, wanted, operator=operator))
    typer.echo(f"{partner}: channels {_listed(after.channels)}; scopes {_listed(after.scopes)}; plan {after.plan}")


@app.command("rotate-secret")
def rotate_secret(partner: str, overlap: Overlap = USUAL_OVERLAP, at_once: AtOnce = False) -> None:
    """Give a partner a new secret, shown once; the one before works until the overlap is over."""
    during = overlap_of(overlap, at_once=at_once)
    _show(_registered(lambda registry, operator: registry.rotate_secret(partner, operator=operator, overlap=during)))
    typer.echo(end_of_overlap(during))


@app.command()
def suspend(partner: str) -> None:
    """Shut a partner out: its tokens are refused within five seconds."""
    _registered(lambda registry, operator: registry.suspend(partner, operator=operator))
    Console().print(f"{partner} is suspended")


@app.command()
def resume(partner: str) -> None:
    """Let a suspended partner in again, with the secret it has."""
    _registered(lambda registry, operator: registry.resume(partner, operator=operator))
    Console().print(f"{partner} may call again")


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _check_plan(plan: str) -> None:
    plans = load_quotas(read_settings().policies / "quotas.yaml").plans
    if plan not in plans:
        raise Misconfigured(f"there is no plan '{plan}' in policies/quotas.yaml; known: {', '.join(sorted(plans))}")


def _registered(act: Callable[[Registry, str], Awaitable[Result]]) -> Result:
    """What a change in the operator's name has come to."""
    return acting(lambda opened, operator: act(_registry(opened), operator.subject), roles=PLATFORM)


def _registry(opened: Database) -> Registry:
    return Registry(opened, clock=system_clock, mint=mint)


def _show(credentials: Credentials) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"partner        {credentials.name}")
    console.print(f"client_id      {credentials.client_id}")
    console.print(f"client_secret  {credentials.client_secret}   (shown once; keep it now)")
