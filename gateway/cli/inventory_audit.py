"""`omnigate inventory audit`: what does not agree with itself, shown before it is mended."""

from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.acting import acting, reading
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import system_clock
from gateway.store import reservation_expiry
from gateway.store.pool import Database
from gateway.store.stock_audit import PARTS, Finding, findings_of
from gateway.store.stock_repair import mend, told

Repair = Annotated[bool, typer.Option("--repair", help="Show what would be done; with --yes, do it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do what --repair shows.")]

_REPAIRERS = frozenset({"inventory_controller", "platform"})


def audit(repair: Repair = False, yes: Yes = False) -> None:
    """Compare reservations with their holders, and counters with what is written down. Ends with 1 when they differ."""
    if yes and not repair:
        raise typer.BadParameter("--yes goes with --repair")
    if yes:
        acting(_repaired, roles=_REPAIRERS)
        return
    raise typer.Exit(1 if reading(lambda opened: _shown(opened, repair=repair)) else 0)


async def _repaired(opened: Database, operator: Principal) -> None:
    console = Console(soft_wrap=True)
    await _mend(opened, console, await _found(opened, console, repair=True), operator=operator.subject)


async def _found(opened: Database, console: Console, *, repair: bool) -> list[Finding]:
    findings = [finding for part in PARTS for finding in await findings_of(opened, part)]
    for finding in findings:
        console.print(f"{finding.code} {finding.subject}" + (f": {told(finding)}" if repair else ""), markup=False)
    return findings


async def _shown(opened: Database, *, repair: bool) -> int:
    """How many findings there are."""
    console = Console(soft_wrap=True)
    findings = await _found(opened, console, repair=repair)
    console.print(f"{len(findings)} found" if findings else "everything agrees")
    if findings and repair:
        console.print("nothing has been changed; --yes does it")
    return len(findings)


async def _mend(opened: Database, console: Console, findings: list[Finding], *, operator: str) -> None:
    ended = await reservation_expiry.tidy(opened, mint)
    mended = [await mend(opened, each, operator=operator, now=system_clock(), mint=mint) for each in findings]
    console.print(f"{sum(mended)} mended, {ended} expired reservations tidied up")
