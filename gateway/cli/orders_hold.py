"""`omnigate orders hold`, `unhold` and `holds`: what keeps an order from being released, by the hand of a person."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import MENDERS, acting, reading
from gateway.domain.holds import REASON, HoldType
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Misconfigured
from gateway.refusals import NotFound
from gateway.store.audit import Act, record_act
from gateway.store.cancelling import Standing, is_within_reach, lock_standing
from gateway.store.hands import Hand
from gateway.store.holds import Asked, HoldRow, facts_of, list_holds, place_hold, release_hold
from gateway.store.pool import Connection, Database
from observability.tracing import trace_id_of

Order = Annotated[str, typer.Argument(metavar="ORDER", help="The order's id, ord_….")]
Reason = Annotated[str, typer.Option("--reason", help="What you saw, and where; kept for ever, names nobody.")]
Until = Annotated[str | None, typer.Option("--until", help="When it ends by itself, like 2026-12-01T09:00:00Z.")]
Do = Callable[[Connection, Standing, Hand], Awaitable[tuple[HoldRow, bool]]]


def hold(order: Order, type_: Annotated[HoldType, typer.Option("--type")], reason: Reason, until: Until = None) -> None:
    """Keep the order's goods from being released, until the hold is released or over."""
    asked = Asked(type_, _said(reason), _moment(until))

    async def place(connection: Connection, standing: Standing, by: Hand) -> tuple[HoldRow, bool]:
        return await place_hold(connection, order, standing, asked, by), True

    placed = _done(order, place, reason=reason)
    typer.echo(f"{order} is held: {placed.hold_id}")


def unhold(order: Order, hold_id: Annotated[str, typer.Argument(metavar="HOLD")], reason: Reason) -> None:
    """Release one hold of the order; its workflow looks again whether it may go on."""
    _said(reason)

    async def release(connection: Connection, standing: Standing, by: Hand) -> tuple[HoldRow, bool]:
        done = await release_hold(connection, order, hold_id, reason=reason, by=by)
        if done is None:
            raise NotFound(f"{order} has no hold {hold_id}; `omnigate orders holds` lists those it has")
        return done

    typer.echo(f"{hold_id} is {_done(order, release, reason=reason).state}")


def holds(order: Order) -> None:
    """Every hold of the order, open or ended, the newest first."""
    rows = reading(lambda opened: list_holds(opened, order, partner=None))
    if rows is None:
        raise _absent(order)
    table = Table(Column("hold", min_width=30), "type", "state", "placed", "reason", "until", "released", "because")
    for row in rows:
        table.add_row(
            *(row.hold_id, row.type, row.state, _by(row.placed_by, row.placed_at), row.reason),
            *(_by(None, row.expires_at), _by(row.released_by, row.released_at), row.release_reason or ""),
        )
    Console().print(table)


def _done(order: str, do: Do, *, reason: str) -> HoldRow:
    """In the name of whoever types, in one commit with the audit row."""

    async def work(opened: Database, operator: Principal) -> HoldRow:
        by = Hand(operator.subject, system_clock(), trace_id_of(None), mint)
        async with opened.transaction() as connection:
            if not await is_within_reach(connection, order, partner=None):
                raise _absent(order)
            row, changed = await do(connection, await lock_standing(connection, order), by)
            act = Act(mint("aud"), by.who, by.now)
            await record_act(connection, act, "holds:write", order, facts_of(row, reason=reason, changed=changed))
        return row

    return acting(work, roles=MENDERS)


def _absent(order: str) -> NotFound:
    return NotFound(f"there is no order {order}; `omnigate orders show` finds it by other names")


def _said(reason: str) -> str:
    least, most = REASON
    if not least <= len(reason) <= most:
        raise Misconfigured(f"--reason: say it in {least} to {most} characters")
    return reason


def _moment(until: str | None) -> datetime | None:
    if until is None:
        return None
    try:
        moment = datetime.fromisoformat(until)
    except ValueError as error:
        raise Misconfigured(f"--until: '{until}' is no moment; write 2026-12-01T09:00:00Z") from error
    if moment.tzinfo is None:
        raise Misconfigured(f"--until: '{until}' says no offset; write 2026-12-01T09:00:00Z or +01:00 behind it")
    return moment.astimezone(UTC)


def _by(who: str | None, at: datetime | None) -> str:
    return " ".join(filter(None, (rfc3339(at) if at else None, who)))
