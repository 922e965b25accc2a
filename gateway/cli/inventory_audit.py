"""`omnigate inventory audit`: what does not agree with itself, shown before it is mended."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.opened import database, database_url
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.settings import read_settings
from gateway.store import reservation_expiry
from gateway.store.pool import Database
from gateway.store.stock_audit import PARTS, Finding, findings_of
from gateway.store.stock_repair import mend, told

Repair = Annotated[bool, typer.Option("--repair", help="Show what would be done; with --yes, do it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do what --repair shows.")]
Operator = Annotated[
    str, typer.Option("--operator", envvar="OMNIGATE_OPERATOR", help="Who you are; repairs are audited under it.")
]


def audit(repair: Repair = False, yes: Yes = False, operator: Operator = "") -> None:
    """Compare reservations with their holders, and counters with what is written down. Ends with 1 when they differ."""
    if yes and not (repair and operator):
        raise typer.BadParameter("--yes goes with --repair, and with --operator: repairs are audited")
    with database_url(read_settings()) as url:
        left = asyncio.run(_audit(url, repair=repair, operator=operator if yes else None))
    raise typer.Exit(1 if left else 0)


async def _audit(url: str, *, repair: bool, operator: str | None) -> int:
    """How many findings are left."""
    console = Console(soft_wrap=True)
    async with database(url, name="omnigate-inventory") as opened:
        findings = [finding for part in PARTS for finding in await findings_of(opened, part)]
        for finding in findings:
            console.print(f"{finding.code} {finding.subject}" + (f": {told(finding)}" if repair else ""), markup=False)
        if operator is not None:
            await _mend(opened, console, findings, operator=operator)
            return 0
    console.print(f"{len(findings)} found" if findings else "everything agrees")
    if findings and repair:
        console.print("nothing has been changed; --yes does it")
    return len(findings)


async def _mend(opened: Database, console: Console, findings: list[Finding], *, operator: str) -> None:
    ended = await reservation_expiry.tidy(opened, mint)
    mended = [await mend(opened, each, operator=operator, now=system_clock(), mint=mint) for each in findings]
    console.print(f"{sum(mended)} mended, {ended} expired reservations tidied up")
