"""`omnigate inventory load`: a file of lines becomes a snapshot of a source, as if the source had sent it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from gateway.cli.acting import CONTROLLERS, acting
from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.principal import Principal
from gateway.domain.snapshots import Announced, LineFault, fingerprint_of, read_chunk
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Misconfigured
from gateway.governance.inventory import load_inventory
from gateway.settings import read_settings
from gateway.store import applying, snapshots
from gateway.store.audit import Act, record_act
from gateway.store.pool import Connection, Database
from gateway.store.snapshots import SnapshotRow
from gateway.store.sources import nodes_known, source_of
from gateway.store.views import Hearing

_LINES = 10_000  # of a chunk
_TURN = 15.0  # seconds
_LOOK = 0.2  # seconds between looks at what a worker has in hand


@dataclass(frozen=True, slots=True)
class Load:
    file: Path
    source: str
    as_of: datetime
    scope: Literal["full", "partial"]
    nodes: tuple[str, ...]

    @property
    def reference(self) -> str:
        return f"{self.file.name[:40]}@{self.as_of:%Y%m%dT%H%M%SZ}"


def load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON objects, one a line.")],
    source: Annotated[str, typer.Option(help="Whose numbers these are.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%dT%H:%M:%SZ"], help="When they were true, in UTC.")],
    full: Annotated[bool, typer.Option("--full", help="What the file does not name is not there.")] = False,
    node: Annotated[list[str] | None, typer.Option(help="Which nodes it speaks for; all, if left out.")] = None,
) -> None:
    """Take over a source's numbers. A file that was loaded before changes nothing; an older moment loses to a newer."""
    policy = load_inventory(read_settings().policies / "inventory.yaml")
    scope: Literal["full", "partial"] = "full" if full else "partial"
    wanted = Load(file, source, as_of.replace(tzinfo=UTC), scope, tuple(sorted(node or ())))

    async def work(opened: Database, operator: Principal) -> tuple[SnapshotRow, list[tuple[int, LineFault]]]:
        snapshot_id = await _send(opened, wanted, operator)
        row = await _applied(opened, snapshot_id, policy)
        return row, await snapshots.list_faults(opened, snapshot_id)

    row, faults = acting(work, roles=CONTROLLERS)
    console = Console()
    for number, fault in faults:
        console.print(f"line {(number - 1) * _LINES + fault.line}: {fault.detail}", markup=False)
    console.print(
        f"{row.state}: {row.applied} rows applied, {row.changed} positions changed, {row.faulty} lines faulty"
    )
    if row.state not in ("applied", "superseded"):
        raise typer.Exit(1)


async def _send(opened: Database, wanted: Load, operator: Principal) -> str:
    async with opened.transaction() as connection:
        said = await _announced(connection, wanted)
        row = await snapshots.begin(connection, mint("snp"), said, now=system_clock())
    if row.announced != said:
        raise Misconfigured(f"{wanted.file}: another file of that name was loaded as of {rfc3339(said.as_of)}")
    for number, raw in enumerate(_chunks(wanted.file), start=1):
        async with opened.transaction() as connection:
            await snapshots.lock_snapshot(connection, row.snapshot_id)
            before = await snapshots.staged_before(connection, row.snapshot_id, number)
            if before is not None and before.fingerprint != fingerprint_of(raw):
                raise Misconfigured(f"{wanted.file}: has changed since it was begun to be loaded; load it as of later")
            if before is None:
                chunk = read_chunk(raw, number, said.nodes)
                await snapshots.stage(connection, row.snapshot_id, chunk, now=system_clock())
    async with opened.transaction() as connection:
        act = Act(mint("aud"), operator.subject, system_clock())
        await snapshots.hand_over(connection, row.snapshot_id, now=act.at)
        await record_act(connection, act, "inventory:feed", row.snapshot_id, {"file": wanted.file.name})
    return row.snapshot_id


async def _announced(connection: Connection, wanted: Load) -> Announced:
    source = await source_of(connection, wanted.source)
    if source is None:
        raise Misconfigured(f"--source {wanted.source}: there is no such source; make it first")
    known = source.reach(await nodes_known(connection, wanted.nodes or None))
    if unknown := set(wanted.nodes) - known:
        raise Misconfigured(f"--node {min(unknown)}: there is no such node, or none of this source's; make it first")
    rows = sum(1 for raw in _chunks(wanted.file) for line in raw.split(b"\n") if line.strip())
    return Announced(wanted.source, wanted.reference, wanted.scope, tuple(sorted(known)), wanted.as_of, rows)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while lines := list(islice(opened, _LINES)):
            yield b"".join(lines)


async def _applied(opened: Database, snapshot_id: str, policy: InventoryPolicy) -> SnapshotRow:
    """Done here, beside the workers: whoever has the turn goes on."""
    while True:
        row = await snapshots.read_snapshot(opened, snapshot_id)
        assert row is not None, "it has been announced"
        if row.state != "applying":
            return row
        held = await applying.turn(opened, f"cli:{snapshot_id}", seconds=_TURN)
        if held is None:
            await asyncio.sleep(_LOOK)
            continue
        await applying.go_on(opened, held, Hearing(system_clock(), mint, policy))
