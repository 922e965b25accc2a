"""Mistakes that no file makes alone: rules and contracts that speak past each other."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from gateway.domain.access import Deny
from gateway.domain.operation import Operation
from gateway.domain.principal import Kind
from gateway.governance.access import Access, Facts
from gateway.governance.approvals import roles_named
from gateway.governance.bundle import Bundle
from gateway.governance.decisions import BESIDES
from gateway.governance.names import did_you_mean, listed
from gateway.governance.openapi import operations
from gateway.governance.specification import deep_breaches
from gateway.governance.yaml import Document, read_yaml

_ASKED_OF: dict[str, tuple[Kind, ...]] = {  # authentication -> who then calls
    "bearer": ("partner", "operator"),
    "signature": ("system",),
}

_DECIDE = "approvals:write"


def findings(
    bundle: Bundle, contracts: Path, policies: Path, *, scopes: frozenset[str], roles: frozenset[str]
) -> list[str]:
    """What is wrong with policies and contracts that load, each with file, line and mend.

    *scopes* and *roles*: those there are.
    """
    access = read_yaml(policies / "access.yaml")
    return [
        *_actions(bundle, access),
        *_given(access, "needs", scopes, called="scope"),
        *_given(access, "roles", roles, called="role"),
        *_deciding(bundle.access, policies / "approvals.yaml", roles),
        *_uncovered(bundle, contracts),
        *_unspecified(contracts),
    ]


def _actions(bundle: Bundle, access: Document) -> Iterator[str]:
    asked = {each.action for each in bundle.contracts.operations.values() if each.authentication in _ASKED_OF}
    for place, action in _words(access, "actions"):
        if action not in asked | BESIDES:
            hint = did_you_mean(action, asked | BESIDES) or f"; there are {listed(sorted(asked | BESIDES))}"
            yield f"{place}: no operation asks about '{action}'{hint}"


def _given(access: Document, key: str, known: frozenset[str], *, called: str) -> Iterator[str]:
    for place, word in _words(access, key):
        if word not in known:
            hint = did_you_mean(word, known) or f"; there are {listed(sorted(known))}"
            yield f"{place}: nobody can be given the {called} '{word}'{hint}"


def _deciding(access: Access, approvals: Path, known: frozenset[str]) -> Iterator[str]:
    """Steps that nobody could ever decide."""
    for place, role in roles_named(read_yaml(approvals)) if approvals.exists() else ():
        if role not in known:
            hint = did_you_mean(role, known) or f"; there are {listed(sorted(known))}"
            yield f"{place}: nobody can be given the role '{role}'{hint}"
        elif isinstance(no := access.decide(Facts(_DECIDE, "operator", roles=frozenset({role}))), Deny):
            yield f"{place}: the role '{role}' decides no approval: {no.place}: {no.reason}"


def _uncovered(bundle: Bundle, contracts: Path) -> Iterator[str]:
    read = cache(read_yaml)
    for operation in bundle.contracts.operations.values():
        kinds = _ASKED_OF.get(operation.authentication, ())
        if kinds and not any(bundle.access.covers(operation.action, kind) for kind in kinds):
            kind = kinds[0]
            mend = f"write a rule with 'actions: [{operation.action}]' and 'principals: [{kind}]'"
            place = _place(read(contracts / f"{operation.contract}.yaml"), operation)
            yield f"{place}: no rule lets a {kind} call '{operation.id}'; {mend}"


def _unspecified(contracts: Path) -> Iterator[str]:
    """What a start does not wait for."""
    for document in map(read_yaml, sorted(contracts.glob("*.yaml"))):
        yield from sorted({f"{document.at(*place)}: {what}" for place, what in deep_breaches(document)})


def _words(access: Document, key: str) -> Iterator[tuple[str, str]]:
    """Each word of that list of each rule, with its place."""
    for index, rule in enumerate(access.value["rules"]):
        for number, word in enumerate(rule.get(key, ())):
            yield access.at("rules", index, key, number), word


def _place(document: Document, operation: Operation) -> str:
    found = (each.place for each in operations(document) if each.text.get("operationId") == operation.id)
    return document.at(*next(found))


def without_plan(bundle: Bundle, plans: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Registered partners, as (name, plan), whose plan is not there: they fall back to the default in silence."""
    for partner, plan in plans:
        if plan not in bundle.quotas.plans:
            hint = did_you_mean(plan, bundle.quotas.plans)
            mend = f"`omnigate partners change {partner} --plan {bundle.quotas.default_plan}`"
            yield f"partner '{partner}': policies/quotas.yaml has no plan '{plan}'{hint}; add it there, or {mend}"
