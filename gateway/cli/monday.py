"""The demo's third act, a Monday: what was bought on the Saturday comes back, and its money goes back once."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from gateway.cli.channel import Json
from gateway.cli.demo_fleet import Fleet
from gateway.cli.monday_books import Back, Row, reckon, rows, total
from gateway.cli.monday_desk import Desk
from gateway.cli.monday_scenes import ALONE, TOGETHER, Return, played
from gateway.cli.saturday_books import Finding
from gateway.cli.saturday_reading import whole
from gateway.cli.saturday_report import pounds
from gateway.cli.saturday_town import Town
from gateway.store.pool import Database
from gateway.store.runs import RunView, runs

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Monday:
    """Everything there is to tell."""

    scenes: Mapping[Return, str]
    rows: Sequence[Row]
    findings: Sequence[Finding]
    parked: Sequence[RunView]
    seconds: float

    def complaints(self) -> list[str]:
        """Why the Monday did not end well."""
        lines = [f"{finding.verdict}: {finding.about}: {finding.what}" for finding in self.findings]
        lines += [f"parked: {run.run_id}: {dict(run.cause or {})}" for run in self.parked]
        if len(self.rows) != len(self.scenes):
            lines.append(f"{len(self.rows)} returns, and not {len(self.scenes)}")
        odd = ((scene, how) for scene, how in self.scenes.items() if how != scene.expected)
        return lines + [f"{scene.title}: {how}, and not {scene.expected}" for scene, how in odd]


async def play(desk: Desk, fleet: Fleet, opened: Database, say: Say) -> Monday:
    """Play it, and reckon."""
    begun = time.monotonic()
    say("a Monday: what was bought on the Saturday comes back")
    came = dict[Return, str]()
    for group in ((ALONE,), TOGETHER):
        fleet.watch()
        async with asyncio.TaskGroup() as together:
            for scene in group:
                together.create_task(_one_played(scene, desk, say, came))
    back = await _read(desk.town)
    return Monday(came, rows(back), reckon(back), await runs(opened, parked=True, limit=1000), time.monotonic() - begun)


async def _one_played(scene: Return, desk: Desk, say: Say, came: dict[Return, str]) -> None:
    came[scene] = await played(scene.play(desk))
    say(f"  {scene.title}: {came[scene]}")
    say(f"    {scene.why}")


async def _read(town: Town) -> Back:
    """Returns by their channels, and what ERP and payment provider have of the Saturday's orders in their books."""
    returns = dict[str, Json]()
    for channel in town.channels.values():
        listed = await channel.read("/v1/returns", page_size="200")
        returns |= {seen["order_id"]: seen for seen in listed["returns"]}
    effects = [each for system in ("erp", "psp") for each in await whole(town, f"/ledger/{system}/effects", "effects")]
    return Back(returns, [each for each in effects if each["order_id"] in town.acks])


def print_monday(console: Console, result: Monday) -> None:
    table = Table(
        "return", "ours", "ERP's credits", "PSP's refunds", "", title="the demo's Monday", title_justify="left"
    )
    for row in result.rows:
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(everything := total(result.rows)))
    table.add_row("all in all, s", f"{result.seconds:.0f}", "", "", "")
    console.print(table)
    for complaint in result.complaints():
        console.print(complaint, markup=False, soft_wrap=True)
    if all(row.agrees for row in result.rows):
        sums = " = ".join(pounds(amount) for amount in (everything.refunded, everything.credited, everything.paid))
        console.print(f"refunds, credit memos and the provider's refunds: {sums}", markup=False)


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    told = "agree" if row.agrees else "differ"
    return row.name, pounds(row.refunded), pounds(row.credited), pounds(row.paid), told
