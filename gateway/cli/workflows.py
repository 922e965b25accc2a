"""`omnigate workflows`: what waits for an operator, and what an operator may do about it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import MENDERS, acting, reading
from gateway.cli.steps import show_steps
from gateway.domain.identifiers import mint
from gateway.domain.time import rfc3339, system_clock
from gateway.settings import read_settings
from gateway.store import runs
from gateway.workflows.operations import Desk

app = typer.Typer(no_args_is_help=True, help=__doc__)

Evidence = Annotated[str, typer.Option("--evidence", help="What you saw, and where: it is kept for ever.")]


@app.command("list")
def list_(
    parked: Annotated[bool, typer.Option("--parked", help="Only those that wait for an operator.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """The workflows that changed last."""
    rows = reading(lambda opened: runs.runs(opened, parked=parked, limit=limit))
    table = Table(
        Column("workflow", min_width=30), "saga", "state", "direction", "outcome", "cause", "step", "detail", "changed"
    )
    for row in rows:
        cause = row.cause or {}
        table.add_row(
            row.run_id,
            f"{row.saga}.v{row.version}",
            row.state,
            row.direction,
            row.outcome or "",
            str(cause.get("code", "")),
            str(cause.get("step", "")),
            str(cause.get("detail", "")),
            rfc3339(row.updated_at),
        )
    Console().print(table)


@app.command()
def steps(
    name: Annotated[str | None, typer.Argument(help="Of one workflow: fulfil, or place_order.v2.")] = None,
) -> None:
    """What each workflow does step by step: with whom, how often, for how long, undone how, and what is left to you."""
    asyncio.run(show_steps(read_settings(), name))


@app.command()
def retry(
    workflow: str,
    adopt: Annotated[bool, typer.Option("--adopt", help="After saga_changed: go on with the steps of today.")] = False,
) -> None:
    """Take a parked workflow up where it stopped; what is unknown is asked after first."""
    _at_desk(lambda desk: desk.retry(workflow, adopt=adopt), f"{workflow} goes on")


@app.command()
def resolve(
    workflow: str,
    as_: Annotated[Literal["succeeded", "failed"], typer.Option("--as", help="What really happened.")],
    evidence: Evidence,
    reference: Annotated[str | None, typer.Option("--reference", help="The effect's id at the back end.")] = None,
) -> None:
    """Say what happened to the step that a parked workflow hangs on; it goes on from there."""
    _at_desk(
        lambda desk: desk.resolve(workflow, succeeded=as_ == "succeeded", evidence=evidence, reference=reference),
        f"{workflow} goes on: the step {as_}",
    )


@app.command()
def abandon(workflow: str, evidence: Evidence) -> None:
    """Give a parked workflow up: before the goods left it is undone, afterwards it ends as it stands."""
    _at_desk(lambda desk: desk.abandon(workflow, evidence=evidence), f"{workflow} is given up")


def _at_desk(act: Callable[[Desk], Awaitable[None]], done: str) -> None:
    acting(lambda opened, operator: act(Desk(operator.subject, opened, system_clock, mint)), roles=MENDERS)
    Console().print(done)
