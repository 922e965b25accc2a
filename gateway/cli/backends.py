"""`omnigate backends`: who answers, what they promise, and whether it is so."""

import asyncio
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.table import Table

from gateway.back_ends import Role, at_odds, bounds, connected, roles
from gateway.domain.identifiers import mint
from gateway.errors import Failed, GatewayError
from gateway.ports import BackEnd, BackEnds, Checkable, Finding, Promise, RetryClass
from gateway.settings import Settings, read_settings

app = typer.Typer(no_args_is_help=True, help=__doc__)

LOOKED_UP = {
    "payments": "authorise",
    "erp": "book",
    "wms": "release",
    "store": "ask",
    "carrier": "label",
    "notifications": "send",
    "supplier": "transmit",
}
CREDENTIAL = (401, 403)
COLUMNS = (
    "operation",
    "class",
    "key",
    "found by",
    "sending",
    "attempt",
    "settle",
    "lag",
    "deadline",
    "pace",
    "undone by",
)


@app.command()
def show() -> None:
    """Each role's adapter, its address, and what each of its operations promises."""
    asyncio.run(_show(read_settings()))


@app.command()
def check() -> None:
    """Ask every back end, change nothing. Exit code 1 when something has to be mended."""
    findings = asyncio.run(_check(read_settings()))
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        raise typer.Exit(1)
    typer.echo("every back end answers, takes our credentials and keeps to its manifest's form")


async def _show(settings: Settings) -> None:
    console, limits = Console(), bounds(settings)
    async with connected(settings) as reached:
        for role in roles(settings):
            table = Table(*COLUMNS, title=f"{role.name}: {role.adapter} at {role.address}", title_justify="left")
            for operation, promise in reached.named(role.name).manifest.items():
                table.add_row(f"{operation}, in parts" if promise.in_parts else operation, *_row(promise))
            console.print(table)
    console.print(
        f"each worker: at most {limits.connections} calls at once to a back end; its breaker opens after"
        f" {limits.failures} failures in a row and tries again after {limits.rest:g} s; repeats are"
        f" {limits.repeats:.0%} of first calls and {limits.repeats_per_second:g} a second; paces are shared by"
        f" {limits.processes} worker{'s' if limits.processes > 1 else ''}"
    )


def _row(promise: Promise) -> Iterator[str]:
    keyed = promise.retry_class is RetryClass.KEYED
    window = "for ever" if promise.window is None else f"{promise.window:g} s"
    yield promise.retry_class
    yield f"{promise.header} {window}, replays {promise.replays}" if keyed else ""
    yield ", ".join(promise.found_by) if promise.can_be_asked else ""
    times = (promise.sending, promise.attempt, promise.settle, promise.lag, promise.deadline)
    yield from (f"{seconds:g} s" for seconds in times)
    yield f"{promise.pace.per_second:g}/s, burst {promise.pace.burst}" if promise.pace else ""
    yield promise.undo or ""


async def _check(settings: Settings) -> list[Finding]:
    async with connected(settings) as reached:
        asked = await asyncio.gather(*(_asked(role, reached) for role in roles(settings)))
        return at_odds(reached) + [finding for findings in asked for finding in findings]


async def _asked(role: Role, reached: BackEnds) -> list[Finding]:
    """What its adapter finds, once it answers at all."""
    port: BackEnd = reached.named(role.name)
    trouble = await _trouble(role, port)
    if trouble is not None:
        return [trouble]
    return await port.findings() if isinstance(port, Checkable) else []


async def _trouble(role: Role, port: BackEnd) -> Finding | None:
    """Something that cannot be there is looked for."""
    place = f"{role.name} ({role.adapter} at {role.address})"
    url, credential = role.variables
    try:
        await port.find(LOOKED_UP[role.name], key=mint("chk"))
    except GatewayError as error:
        status = error.facts.get("backend_status")
        if status in CREDENTIAL:
            return Finding(place, f"it does not take our credential ({status})", f"set {credential}")
        if status is not None or not isinstance(error, Failed):
            return Finding(place, error.detail + (f" ({status})" if status else ""), f"see that {url} leads to it")
        return Finding(place, error.detail, f"start it, or mend {url} and the way there")
    return None
