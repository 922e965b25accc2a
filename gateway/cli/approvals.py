"""`omnigate approvals`: what needs people's yes, and their yes and no."""

from typing import Annotated, Literal

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import MENDERS, acting, reading
from gateway.domain.approvals import REASON, Approval, Attempt, Decision, Step, Verdict
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Misconfigured
from gateway.refusals import NotFound
from gateway.store import approvals
from gateway.store.approval_lists import Sought, list_approvals
from gateway.store.approval_rows import read_approval
from gateway.store.audit import Act, record_act
from gateway.store.pool import Database

app = typer.Typer(no_args_is_help=True, help=__doc__)

Id = Annotated[str, typer.Argument(metavar="APPROVAL", help="The approval's id, apr_….")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept for ever, names nobody.")]
Seen = Annotated[str, typer.Option("--hash", help="The content hash that `show` printed: what you have seen.")]
Status = Literal["pending", "approved", "rejected", "superseded"]


@app.command("list")
def list_(
    mine: Annotated[bool, typer.Option("--mine", help="Those alone that you may decide now.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Those that are decided or superseded, too.")] = False,
    status: Annotated[Status | None, typer.Option("--status")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Like refund.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Those that wait, the newest first."""
    sought = status or (None if everything else "pending")

    async def work(opened: Database, operator: Principal | None = None) -> list[Approval]:
        return await list_approvals(opened, Sought(sought, kind, by=operator), limit=limit)

    table = Table(
        Column("approval", min_width=30), "kind", "subject", "amount", "asked by", "waits for", "due", "status"
    )
    for row in acting(work, roles=MENDERS) if mine else reading(work):
        at = row.steps[row.at] if row.at is not None else None
        table.add_row(
            *(row.approval_id, row.matter.kind, row.matter.subject, _amount(row), row.asker.name),
            *(at.role if at else "", rfc3339(at.due_at) if at and at.due_at else "", row.state),
        )
    Console().print(table)


@app.command()
def show(approval: Id) -> None:
    """What is to be approved, and who has said what."""
    row = reading(lambda opened: _read(opened, approval))
    told = {
        "subject": f"{row.matter.kind} {row.matter.subject}, {_amount(row)}",
        "asked by": " by ".join(filter(None, (row.asker.name, row.asker.operator))),
        "content": orjson.dumps(row.matter.content).decode(),
        "hash": row.content_hash,
        "status": row.state + ("" if row.steps else ", by policy"),
        **{f"step {number}": _step(step) for number, step in enumerate(row.steps, 1)},
    }
    for name, text in told.items():
        typer.echo(f"{name:<12}{text}")


@app.command()
def approve(approval: Id, reason: Reason, seen: Seen) -> None:
    """Say yes to the step that is to be decided now."""
    _decided(approval, "approved", reason, seen)


@app.command()
def reject(approval: Id, reason: Reason, seen: Seen) -> None:
    """Say no: the approval ends with it."""
    _decided(approval, "rejected", reason, seen)


def _decided(approval_id: str, verdict: Verdict, reason: str, seen: str) -> None:
    """In the name of whoever types, in one commit with the audit row."""
    least, most = REASON
    if not least <= len(reason) <= most:
        raise Misconfigured(f"--reason: say it in {least} to {most} characters")

    async def work(opened: Database, operator: Principal) -> Approval:
        attempt = Attempt(Decision(verdict, operator.subject, reason, system_clock()), operator.roles, seen)
        async with opened.transaction() as connection:
            done = await approvals.decide(connection, approval_id, attempt)
            if done is None:
                raise _absent(approval_id)
            act = Act(mint("aud"), operator.subject, attempt.decision.at)
            facts = approvals.facts_of(done[0], attempt, changed=done[1])
            await record_act(connection, act, "approvals:write", approval_id, facts)
        return done[0]

    row = acting(work, roles=MENDERS)
    waits = f", waits for {row.steps[row.at].role}" if row.at is not None else ""
    typer.echo(f"{approval_id} is {row.state}{waits}")


async def _read(opened: Database, approval_id: str) -> Approval:
    async with opened.connection() as connection:
        row = await read_approval(connection, approval_id)
    if row is None:
        raise _absent(approval_id)
    return row


def _absent(approval_id: str) -> NotFound:
    return NotFound(f"there is no approval {approval_id}; `omnigate approvals list` shows those that wait")


def _amount(row: Approval) -> str:
    return f"{row.matter.amount.amount} {row.matter.amount.currency}"


def _step(step: Step) -> str:
    whose = step.role + (f", passed on from {step.passed_on_from}" if step.passed_on_from else "")
    if (made := step.decision) is not None:
        return f"{whose}: {made.verdict} by {made.by} at {rfc3339(made.at)}: {made.reason}"
    return f"{whose}: due {rfc3339(step.due_at)}" if step.due_at else f"{whose}: not its turn yet"
