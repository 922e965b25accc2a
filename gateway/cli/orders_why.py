"""`omnigate orders why`: the reasons for which an order is served from where it is, as amounts that add up."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from gateway.cli.opened import database, database_url
from gateway.domain.time import rfc3339
from gateway.errors import Misconfigured
from gateway.settings import read_settings
from gateway.store.sourcing_decisions import DecisionRow, list_decisions


def why(order: Annotated[str, typer.Argument(help="The order's id, ord_….")]) -> None:
    """Print every decision about where the order is served from, the oldest first."""
    with database_url(read_settings()) as url:
        rows = asyncio.run(_decisions(url, order))
    if rows is None:
        raise Misconfigured(f"there is no order {order}; `omnigate orders show` finds it by other names")
    if not rows:
        typer.echo("nothing has been decided about it")
    for row in rows:
        for line in _told(row):
            typer.echo(line)


async def _decisions(url: str, order: str) -> list[DecisionRow] | None:
    async with database(url, name="omnigate-cli") as opened:
        return await list_decisions(opened, order, partner=None)


def _told(row: DecisionRow) -> Iterator[str]:
    said = row.document
    yield f"{row.decision_id}  {rfc3339(row.decided_at)}"
    yield from _plan("chosen", said["plan"])
    if said["runner_up"] is not None:
        yield from _plan("second", said["runner_up"])
    for node, reason in sorted(said["left_out"].items()):
        yield f"  left out {node}: {reason}"
    if (flip := said["flip"]) is not None:
        of, becomes, is_ = "chosen" if flip["of"] == "plan" else "second", flip["becomes"], flip["term"]["amount"]
        yield f"  the second would win if {_name(flip['term'])} of the {of} were {becomes:,} instead of {is_:,}"


def _plan(called: str, plan: Mapping[str, Any]) -> Iterator[str]:
    served = ", ".join(plan["nodes"]) or "nobody"
    missing = f", {plan['unfilled']} pieces unfilled" if plan["unfilled"] else ""
    yield f"  {called}: {served}{missing}"
    for term in plan["terms"]:
        yield f"    {term['amount']:>12,}  {_name(term)}"
    yield f"    {plan['score']:>12,}  in all"


def _name(term: Mapping[str, Any]) -> str:
    return term["name"] if term["node_id"] is None else f"{term['name']} at {term['node_id']}"
