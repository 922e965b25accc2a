"""`omnigate exceptions`: what waits for a person, and what a person may do about it."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import OF_EXCEPTIONS, acting, reading
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339, system_clock
from gateway.governance.approvals import load_approvals
from gateway.governance.inventory import load_inventory
from gateway.governance.matching import load_matching
from gateway.refusals import NotFound, Refused
from gateway.resources.suppliers.surplus import Buying
from gateway.routers import mendables
from gateway.settings import read_settings
from gateway.store import exceptions
from gateway.store.accept import order_locked
from gateway.store.audit import Act, record_act
from gateway.store.exceptions import ExceptionRow, Sought
from gateway.store.mending import Deed, Mendables, allowed, mend
from gateway.store.pool import Connection, Database

app = typer.Typer(no_args_is_help=True, help=__doc__)

Evidence = Annotated[str, typer.Option("--evidence", help="What you saw, and where: it is kept for ever.")]
As = Annotated[Literal["succeeded", "failed"] | None, typer.Option("--as", help="With resolve: what really happened.")]
Class = Annotated[str, typer.Option("--class", help="Like integration/timeout.")]
Code = Annotated[str, typer.Option("--code", help="The cause, like deadline_passed.")]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Those that are resolved, too.")] = False,
    class_: Annotated[str | None, typer.Option("--class", help="Like integration/timeout.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="The cause, like deadline_passed.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="The role whose work it is.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Those that are due first come first."""
    sought = Sought(None if everything else "open", class_, code, owner)
    table = Table(
        *(Column("exception", min_width=30), "class", "code", "subject", "owner", "severity", "due", "times", "state")
    )
    for row in reading(lambda opened: exceptions.list_exceptions(opened, sought, limit=limit)):
        table.add_row(
            *(row.exception_id, row.class_, row.code, row.subject, row.owner, row.severity),
            *(rfc3339(row.due_at), str(row.occurrences), row.state),
        )
    Console().print(table)


@app.command()
def show(exception: str) -> None:
    """Everything that is known about one, and what may be done about it."""
    row = reading(lambda opened: _read(opened, exception))
    told = {
        "class": f"{row.class_}: {row.code}",
        "subject": row.subject,
        "owner": f"{row.owner}, {row.severity}, due {rfc3339(row.due_at)}",
        "state": f"{row.state}, {row.occurrences} time{'' if row.occurrences == 1 else 's'}",
        "evidence": orjson.dumps(row.evidence).decode(),
        "resolution": orjson.dumps(row.resolution).decode() if row.resolution else "",
        "actions": ", ".join(allowed(_mendables(), row)) or "none",
    }
    for name, text in told.items():
        typer.echo(f"{name:<12}{text}")


@app.command()
def act(
    exception: str,
    action: Annotated[str, typer.Argument(help="One of those that `show` names.")],
    evidence: Evidence,
    as_: As = None,
    reference: Annotated[str | None, typer.Option("--reference", help="The effect's id at the back end.")] = None,
) -> None:
    """Do something about one; the workflow or resource that it is about follows in the same commit."""
    deed = _deed(action, evidence, as_, reference)

    async def work(opened: Database, operator: Principal) -> ExceptionRow:
        return await _mended(opened, exception, deed(operator))

    after = acting(work, roles=OF_EXCEPTIONS)
    typer.echo(f"{exception} {_stands(after)}: {action}")


@app.command("act-all")
def act_all(
    action: Annotated[str, typer.Argument(help="One of those that `show` names.")],
    class_: Class,
    code: Code,
    evidence: Evidence,
    as_: As = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Do the same about every open one of a class and code, each by itself; exit code 1 if any was refused."""
    deed, refused = _deed(action, evidence, as_, None), 0

    async def work(opened: Database, operator: Principal) -> list[str]:
        rows = await exceptions.list_exceptions(opened, Sought("open", class_, code), limit=limit)
        return [await _outcome(opened, row, deed(operator)) for row in rows]

    for line in (lines := acting(work, roles=OF_EXCEPTIONS)):
        typer.echo(line)
        refused += ": refused: " in line
    typer.echo(f"{len(lines) - refused} done, {refused} refused")
    raise typer.Exit(1 if refused else 0)


def _mendables() -> Mendables:
    policies = read_settings().policies
    buying = Buying(
        load_approvals(policies / "approvals.yaml"),
        load_matching(policies / "suppliers.yaml"),
        load_inventory(policies / "inventory.yaml"),
    )
    return mendables(system_clock, mint, buying)


def _deed(action: str, evidence: str, as_: Any, reference: str | None) -> Callable[[Principal], Deed]:
    return lambda operator: Deed(
        action, evidence, operator.subject, system_clock(), roles=operator.roles, as_=as_, reference=reference
    )


async def _read(opened: Database, exception_id: str) -> ExceptionRow:
    async with opened.connection() as connection:
        return await _found(connection, exception_id)


async def _found(connection: Connection, exception_id: str) -> ExceptionRow:
    row = await exceptions.read_exception(connection, exception_id)
    if row is None:
        raise NotFound(f"there is no exception {exception_id}")
    return row


async def _mended(opened: Database, exception_id: str, deed: Deed) -> ExceptionRow:
    async with opened.transaction() as connection:
        seen = await _found(connection, exception_id)
        with order_locked():
            after = await mend(connection, _mendables(), seen, deed)
        act = Act(mint("aud"), deed.operator, deed.now)
        await record_act(connection, act, "exceptions:write", exception_id, deed.resolution)
        return after


def _stands(row: ExceptionRow) -> str:
    waits = f"waits for {row.evidence.get('approval_id')}; once it is approved, say so again"
    return waits if row.state == "open" else "is resolved"


async def _outcome(opened: Database, row: ExceptionRow, deed: Deed) -> str:
    try:
        after = await _mended(opened, row.exception_id, deed)
    except Refused as error:
        return f"{row.exception_id} {row.subject}: refused: {error.detail}"
    told = f"{row.exception_id} {row.subject}: {deed.action}"
    return told if after.state == "resolved" else f"{told}: {_stands(after)}"
