"""An explanation, as people and as machines read it."""

from collections.abc import Iterator
from typing import Any

import orjson
import typer

from gateway.governance.decisions import ASKED_ABOUT
from gateway.governance.explain import Case, Explanation, Told

_COLOURS = {"allow": "green", "deny": "red", "limit": "cyan"}
_ASKED_ONLY = {  # of requests that are like this
    "history": "only if older than 30 days",
    "commitment": "only if promised for good",
    "waiver": "only if handed over without the code",
}


def show_lines(case: Case, explanation: Explanation) -> None:
    """One line a decision, never cut: they are read by people and by grep."""
    operation = case.operation
    typer.echo(f"{_who(case)} calls {operation.id}: {operation.method} {operation.path}, {operation.action}")
    for line in _columns(explanation):
        typer.echo(line)
    if operation.authentication in ("none", "basic"):
        typer.echo("no policy is asked: whoever calls need not be known yet")
    if operation.id in ASKED_ABOUT and case.matter.channel is None and explanation.refusal is None:
        typer.echo("with --channel it is asked, too, whether the caller may speak for it")
    typer.secho(_verdict(explanation), bold=True)


def show_json(case: Case, explanation: Explanation) -> None:
    refusal, principal = explanation.refusal, case.principal
    document = {
        "caller": {
            "kind": principal.kind,
            "name": principal.partner or principal.subject,
            "scopes": sorted(principal.scopes),
            "roles": sorted(principal.roles),
            "channels": sorted(principal.channels),
            "plan": principal.plan,
        },
        "operation": case.operation.id,
        "action": case.operation.action,
        "channel": case.matter.channel,
        "decisions": [_line(told) for told in explanation.told],
        "allowed": refusal is None,
        "status": explanation.status,
        "code": refusal.code if refusal else None,
        "detail": refusal.detail if refusal else None,
    }
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _columns(explanation: Explanation) -> Iterator[str]:
    rule, place = (
        max((len(getattr(told, name)) for told in explanation.told), default=0) for name in ("rule", "place")
    )
    for told in explanation.told:
        answer = typer.style(f"{told.outcome:<5}", fg=_COLOURS[told.outcome])
        detail = told.detail if told.binding else "; ".join(filter(None, (_ASKED_ONLY[told.about], told.detail)))
        yield f"  {told.about:<8}  {answer}  {told.rule:<{rule}}  {told.place:<{place}}  {detail}".rstrip()


def _who(case: Case) -> str:
    principal = case.principal
    if principal.kind == "system":
        return f"the system {principal.subject}"
    if principal.kind == "operator":
        return f"the operator {principal.subject} ({' '.join(sorted(principal.roles)) or 'no role'})"
    speaks = f", channel {case.matter.channel}" if case.matter.channel else ""
    return f"{principal.partner} ({' '.join(sorted(principal.scopes)) or 'no scope'}{speaks})"


def _verdict(explanation: Explanation) -> str:
    if explanation.refusal is None:
        return f"allowed: {explanation.status}, if the request is valid and no budget is spent"
    return f"denied: {explanation.status} {explanation.refusal.code}: {explanation.refusal.detail}"


def _line(told: Told) -> dict[str, Any]:
    line = {name: getattr(told, name) for name in ("about", "outcome", "rule", "place", "detail", "binding")}
    return line | ({"status": told.refusal.status, "code": told.refusal.code} if told.refusal else {})
