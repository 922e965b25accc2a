"""`omnigate orders collect`: goods handed over to the customer, by the hand of a person."""

import re
import sys
from typing import Annotated

import typer

from gateway.cli.acting import APPROVERS, MENDERS, acting
from gateway.domain.handovers import REASON
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Misconfigured
from gateway.refusals import NotFound
from gateway.store.audit import Act, record_act
from gateway.store.handovers import Claim, Handed, Missed, facts_of, hand_over, is_ready, lock_part
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database
from observability.tracing import trace_id_of

Order = Annotated[str, typer.Argument(metavar="ORDER", help="The order's id, ord_….")]
Part = Annotated[str, typer.Argument(metavar="FULFILMENT", help="The id of its part that is fetched, ful_….")]
Without = Annotated[bool, typer.Option("--without-code", help="The customer has none; only an approver may.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why without; kept for ever, names nobody.")]

_CODE = re.compile(r"[0-9]{6,8}")


def collect(order: Order, fulfilment: Part, without_code: Without = False, reason: Reason = None) -> None:
    """Hand goods over: the customer's code is asked for, or read from standard input; it is never an argument."""
    if without_code:
        claim, roles = Claim(order, fulfilment, reason=_said(reason)), APPROVERS
    elif reason is not None:
        raise Misconfigured("--reason: says why there is no code; add --without-code")
    else:
        claim, roles = Claim(order, fulfilment, _asked_for()), MENDERS
    outcome = acting(lambda opened, operator: _handed(opened, operator, claim), roles=roles)
    if isinstance(outcome, Missed):
        raise outcome.refusal()
    typer.echo(f"{fulfilment} was handed over at {rfc3339(outcome.collected_at)}")


async def _handed(opened: Database, operator: Principal, claim: Claim) -> Handed | Missed:
    """In the name of whoever types, in one commit with the audit row; so is a wrong code."""
    by = Hand(operator.subject, system_clock(), trace_id_of(None), mint)
    async with opened.transaction() as connection:
        if not await is_ready(connection, claim.order_id, claim.fulfilment_id):
            raise NotFound(f"{claim.order_id} has no part {claim.fulfilment_id} that is ready to be fetched")
        await lock_part(connection, claim.fulfilment_id)
        outcome = await hand_over(connection, claim, by)
        await _audited(connection, claim, outcome, by)
    return outcome


async def _audited(connection: Connection, claim: Claim, outcome: Handed | Missed, by: Hand) -> None:
    act = Act(mint("aud"), by.who, by.now)
    await record_act(connection, act, "handovers:write", claim.order_id, facts_of(claim, outcome))


def _asked_for() -> str:
    asked = typer.prompt("The customer's code", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not _CODE.fullmatch(code := asked.strip()):
        raise Misconfigured("a code is 6 to 8 digits")
    return code


def _said(reason: str | None) -> str:
    least, most = REASON
    if reason is None or not least <= len(reason) <= most:
        raise Misconfigured(f"--reason: say why without the code in {least} to {most} characters")
    return reason
