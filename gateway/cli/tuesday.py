"""The demo's fourth act, a Tuesday: goods are bought, and what is paid for is what was ordered, came and was whole."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from gateway.cli.demo_fleet import Fleet
from gateway.cli.monday_scenes import played
from gateway.cli.saturday_books import Finding
from gateway.cli.saturday_report import pounds
from gateway.cli.tuesday_books import Bought, Closing, Row, Sum, closing, reckon, rows
from gateway.cli.tuesday_desk import BUYER, Office
from gateway.cli.tuesday_scenes import DEALS, Deal
from gateway.store.pool import Database
from gateway.store.runs import RunView, runs

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tuesday:
    """Everything there is to tell. *asks*: what still waits for a person."""

    scenes: Mapping[Deal, str]
    rows: Sequence[Row]
    closing: Closing
    findings: Sequence[Finding]
    asks: Sequence[str]
    parked: Sequence[RunView]
    seconds: float

    def complaints(self) -> list[str]:
        """Why the Tuesday did not end well."""
        lines = [f"{finding.verdict}: {finding.about}: {finding.what}" for finding in self.findings]
        lines += [f"parked: {run.run_id}: {dict(run.cause or {})}" for run in self.parked]
        lines += [f"waits for a person: {what}" for what in self.asks]
        odd = ((scene, how) for scene, how in self.scenes.items() if how != scene.expected)
        lines += [f"{scene.title}: {how}, and not {scene.expected}" for scene, how in odd]
        return lines + [f"{scene.title}: not played" for scene in DEALS if scene not in self.scenes]


async def play(office: Office, fleet: Fleet, opened: Database, say: Say) -> Tuesday:
    """One scene after the other, as long as each ends as it must; and reckon."""
    begun = time.monotonic()
    say("a Tuesday: what was sold is bought again")
    came = dict[Deal, str]()
    for scene in DEALS:
        fleet.watch()
        came[scene] = await played(scene.play(office))
        say(f"  {scene.title}: {came[scene]}")
        say(f"    {scene.why}")
        if came[scene] != scene.expected:
            break
    bought = await _read(office)
    asks = [f"{each['class']} of {each['subject']}" for each in await office.asks()]
    parked = await runs(opened, parked=True, limit=1000)
    return Tuesday(came, rows(bought), closing(bought), reckon(bought), asks, parked, time.monotonic() - begun)


async def _read(office: Office) -> Bought:
    """The order's documents as the buyer reads them, and what ERP and supplier have of it in their books."""
    order = await office.order()
    effects = [each for system in ("erp", "supplier") for each in await office.town.effects(system, order["po_id"])]
    return Bought(
        order,
        await office.all_of("shipping_notices", by=BUYER),
        await office.all_of("goods_receipts", by=BUYER),
        await office.all_of("supplier_invoices", by=BUYER),
        effects,
    )


def print_tuesday(console: Console, result: Tuesday) -> None:
    table = Table("document", "ours", "theirs", "", title="the demo's Tuesday", title_justify="left")
    for row in result.rows:
        table.add_row(row.name, _told(row.ours), _told(row.theirs), "agree" if row.agrees else "differ")
    table.add_section()
    table.add_row("all in all, s", f"{result.seconds:.0f}", "", "")
    console.print(table)
    for complaint in result.complaints():
        console.print(complaint, markup=False, soft_wrap=True)
    if not result.findings:
        told = result.closing
        billed, posted, goods = (pounds(amount) for amount in (told.billed, told.posted, told.goods))
        more = f"{pounds(told.billed - told.goods)} within tolerance"
        line = f"invoices, ERP postings and goods at ordered prices: {billed} = {posted} = {goods} + {more}"
        console.print(line, markup=False, soft_wrap=True)


def _told(counted: Sum) -> str:
    return f"{counted.pieces} for {pounds(counted.amount)}"
