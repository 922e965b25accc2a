"""`omnigate inventory audit`: what does not agree with itself, shown before it is mended."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.acting import CONTROLLERS, acting, reading
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import system_clock
from gateway.store import reservation_expiry
from gateway.store.pool import Database
from gateway.store.stock_audit import PARTS, Finding, findings_of
from gateway.store.stock_repair import mend, told

Repair = Annotated[bool, typer.Option("--repair", help="Show what would be done; with --yes, do it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do what --repair shows; audited under the operator who types.")]


def audit(repair: Repair = False, yes: Yes = False) -> None:
    """Compare reservations with their holders, and counters with what is written down. Ends with 1 when they differ."""
    if yes and not repair:
        raise typer.BadParameter("--yes goes with --repair")
    console = Console(soft_wrap=True)
    findings = reading(_found)
    for finding in findings:
        console.print(f"{finding.code} {finding.subject}" + (f": {told(finding)}" if repair else ""), markup=False)
    if findings and yes:
        mended = acting(partial(_mended, findings), roles=CONTROLLERS)
        console.print(f"{mended} mended")
        return
    console.print(f"{len(findings)} found" if findings else "everything agrees")
    if findings and repair:
        console.print("nothing has been changed; --yes does it")
    raise typer.Exit(1 if findings else 0)


async def _found(opened: Database) -> list[Finding]:
    return [finding for part in PARTS for finding in await findings_of(opened, part)]


async def _mended(findings: Sequence[Finding], opened: Database, operator: Principal) -> int:
    await reservation_expiry.tidy(opened, mint)
    done = [await mend(opened, each, operator=operator.subject, now=system_clock(), mint=mint) for each in findings]
    return sum(done)
