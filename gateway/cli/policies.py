"""`omnigate policies`: are contracts and policies sound, and what would they decide."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from gateway.cli.explained import show_json, show_lines
from gateway.cli.opened import database, database_url, running_database
from gateway.domain.access import Matter
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import GatewayError, Misconfigured
from gateway.governance.bundle import Bundle, load_bundle
from gateway.governance.check import findings, without_plan
from gateway.governance.explain import Case
from gateway.governance.explain import explain as explanation_of
from gateway.governance.names import did_you_mean, listed
from gateway.partners import ROLES, SCOPES
from gateway.partners.registry import operator_of, principal_of
from gateway.settings import Settings, read_settings
from gateway.store import operators, partners
from gateway.store.operators import Operator
from gateway.store.partners import Partner
from gateway.store.pool import Database

app = typer.Typer(no_args_is_help=True, help=__doc__)

Result = TypeVar("Result")
Policies = Annotated[Path | None, typer.Option("--policies", help="Instead of OMNIGATE_POLICIES.")]
Contracts = Annotated[Path | None, typer.Option("--contracts", help="Instead of OMNIGATE_CONTRACTS.")]


@app.command()
def check(policies: Policies = None, contracts: Contracts = None) -> None:
    """Say what is wrong with contracts and policies, with file, line and mend; exit code 1 if anything is."""
    settings = _settings(policies, contracts)
    bundle = load_bundle(settings.contracts, settings.policies)
    found = findings(bundle, settings.contracts, settings.policies, scopes=SCOPES, roles=ROLES)
    looked_at, astray = _astray(settings, bundle)
    for line in (*found, *astray):
        typer.echo(line)
    if found or astray:
        raise typer.Exit(1)
    counts = f"{len(bundle.contracts.operations)} operations, {len(bundle.access.rules)} rules"
    typer.echo(f"sound: {counts}, {len(bundle.quotas.plans)} plans; {looked_at}")


@app.command()
def explain(
    operation: Annotated[str, typer.Option("--operation", help="An operationId of the contracts, like place_order.")],
    partner: Annotated[str | None, typer.Option("--partner", help="Who calls.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Who calls: a back end that signs, like wms.")] = None,
    operator: Annotated[str | None, typer.Option("--operator", help="Who calls: one of operations.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="The channel that the request speaks for.")] = None,
    history: Annotated[bool, typer.Option("--history", help="The order is more than 30 days old.")] = False,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Of the token; default: all it may have.")] = None,
    role: Annotated[list[str] | None, typer.Option("--role", help="Of the operator; default: all there are.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no registry: the caller is as described.")] = False,
    plan: Annotated[str | None, typer.Option("--plan", help="With --offline: the partner's plan.")] = None,
    owns: Annotated[list[str] | None, typer.Option("--owns", help="With --offline: default --channel.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    policies: Policies = None,
    contracts: Contracts = None,
) -> None:
    """Print what would be decided about a request, in order, by the functions that decide about real ones."""
    settings = _settings(policies, contracts)
    bundle = load_bundle(settings.contracts, settings.policies)
    asked = _operation(bundle, operation, by_system=_one_caller(partner, system, operator))
    scopes, matter = None if scope is None else frozenset(scope), Matter(channel, history=history)
    if operator is not None:
        case = _of_operator(settings, operator, asked, roles=role, offline=offline)
    elif partner is None:
        case = Case(Principal("system", system or ""), asked, matter=matter)
    else:
        channels = frozenset(owns or filter(None, [channel]))
        known = _described(partner, scopes, channels, plan=plan) if offline else _registered(settings, partner)
        case = case_of(known, asked, scopes=scopes, matter=matter)
    (show_json if json else show_lines)(case, explanation_of(bundle, case))


def case_of(partner: Partner, operation: Operation, *, scopes: frozenset[str] | None, matter: Matter) -> Case:
    """The partner calls *operation* with a token for *scopes*, or for all that it may have."""
    principal = principal_of(partner, partner.scopes if scopes is None else scopes)
    return Case(principal, operation, status=partner.status, matter=matter)


def _of_operator(
    settings: Settings, name: str, operation: Operation, *, roles: list[str] | None, offline: bool
) -> Case:
    described = Operator(name, name, ROLES if roles is None else frozenset(roles))
    known = described if offline else _registered_operator(settings, name)
    held = known.roles if roles is None else frozenset(roles)
    return Case(operator_of(known, held), operation, status=known.status, matter=Matter())


def _settings(policies: Path | None, contracts: Path | None) -> Settings:
    given = {"policies": policies, "contracts": contracts}
    return read_settings().model_copy(update={name: path for name, path in given.items() if path is not None})


def _one_caller(partner: str | None, system: str | None, operator: str | None) -> bool:
    """Is it a system?"""
    if sum(name is not None for name in (partner, system, operator)) != 1:
        raise Misconfigured(
            "who calls? Give --partner NAME, --operator NAME, or --system NAME for a back end's callback"
        )
    return system is not None


def _operation(bundle: Bundle, name: str, *, by_system: bool) -> Operation:
    known = bundle.contracts.operations
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {listed(known)}"
        raise Misconfigured(f"no contract has an operation '{name}'{hint}")
    if by_system != (known[name].authentication == "signature"):
        caller = "partner" if by_system else "system"
        raise Misconfigured(f"'{name}' is called by a {caller}: give --{caller}")
    return known[name]


def _described(name: str, scopes: frozenset[str] | None, channels: frozenset[str], *, plan: str | None) -> Partner:
    return Partner(name, name, name, SCOPES if scopes is None else scopes, plan or "", channels)


def _registered(settings: Settings, name: str) -> Partner:
    with database_url(settings) as url:
        return _named(name, {each.partner_id: each for each in _read(url, partners.everyone)}, called="partner")


def _registered_operator(settings: Settings, name: str) -> Operator:
    with database_url(settings) as url:
        return _named(name, {each.operator_id: each for each in _read(url, operators.everyone)}, called="operator")


def _named(name: str, everyone: Mapping[str, Result], *, called: str) -> Result:
    if name not in everyone:
        raise Misconfigured(f"there is no {called} '{name}'{did_you_mean(name, everyone)}")
    return everyone[name]


def _astray(settings: Settings, bundle: Bundle) -> tuple[str, list[str]]:
    """What was looked at, and what is wrong with the partners of a database that runs already."""
    try:
        with running_database(settings) as url:
            if url is not None:
                everyone = _read(url, partners.everyone)
                wrong = list(without_plan(bundle, ((each.partner_id, each.plan) for each in everyone)))
                return f"{len(everyone)} partners have a plan of them", wrong
    except GatewayError:
        pass  # checking files must not depend on a database
    return "partners were not looked at, for no database is running", []


def _read(url: str, ask: Callable[[Database], Awaitable[Result]]) -> Result:
    async def asked() -> Result:
        async with database(url, name="omnigate-cli") as opened:
            return await ask(opened)

    return asyncio.run(asked())
