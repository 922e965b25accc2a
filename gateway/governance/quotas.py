"""How much is allowed: the plans of `policies/quotas.yaml`, as buckets to draw from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import Misconfigured
from gateway.governance.names import did_you_mean, listed
from gateway.governance.sections import Count, Text, mapping_at, only_keys, read_section
from gateway.governance.yaml import Document, Place, read_yaml
from gateway.ports import Bucket, Outage

_BUDGET = {"quota": Count(100), "window": Count(60)}
_OUTAGES: tuple[Outage, ...] = ("local_share", "open", "closed")
_OUTAGE = Text("local_share", choices=_OUTAGES)
_RESERVED = ("operations", "on_outage")  # keys of a plan that are no budgets


@dataclass(frozen=True, slots=True)
class Budget:
    name: str
    quota: int
    window: int  # seconds
    place: str = ""  # where it is written: "policies/quotas.yaml:13"


@dataclass(frozen=True, slots=True)
class Plan:
    budgets: tuple[Budget, ...]  # every call draws from these
    operations: Mapping[str, Budget]  # and a call of one of these from its own as well
    on_outage: Outage  # while the count that all edges share is away
    name: str = ""

    @property
    def all_budgets(self) -> tuple[Budget, ...]:
        return (*self.budgets, *self.operations.values())

    def of(self, operation: Operation) -> tuple[Budget, ...]:
        own = self.operations.get(operation.id)
        return (*self.budgets, own) if own else self.budgets


@dataclass(frozen=True, slots=True)
class Quotas:
    plans: Mapping[str, Plan]
    default_plan: str
    addresses: Budget
    token_route: Budget

    def plan_of(self, principal: Principal) -> Plan:
        """The plan of a partner or of operators; the default if it has none, or one that we do not know."""
        return self.plans.get(principal.plan or self.default_plan) or self.plans[self.default_plan]

    def budgets(self, principal: Principal, operation: Operation) -> tuple[Budget, ...]:
        """What a call of *operation* draws from. Systems have no plan."""
        if principal.kind == "system" or operation.authentication == "none":
            return ()
        return self.plan_of(principal).of(operation)

    def buckets(self, principal: Principal, operation: Operation) -> tuple[Bucket, ...]:
        who, budgets = f"{{partner:{principal.account}}}", self.budgets(principal, operation)
        return tuple(Bucket(budget.name, f"{who}:{budget.name}", budget.quota, budget.window) for budget in budgets)


def load_quotas(path: Path) -> Quotas:
    """Raises `Misconfigured` naming file, line, plan, what is wrong and what would be right."""
    document = read_yaml(path)
    only_keys(document, ("default_plan", "plans", "addresses", "token_route"))
    plans = {name: _plan(document, name) for name in mapping_at(document, ("plans",), called="plans")}
    default = document.value["default_plan"]
    if default not in plans:
        hint = did_you_mean(str(default), plans) or f"; there are {listed(plans)}"
        raise Misconfigured(f"{document.at('default_plan')}: there is no plan '{default}'{hint}")
    return Quotas(plans, default, *(_budget(document, (key,)) for key in ("addresses", "token_route")))


def refuse_unknown_operations(quotas: Quotas, operations: Mapping[str, Operation]) -> None:
    """Raises `Misconfigured` for a budget of an operation that no contract knows, or that no partner's token calls."""
    metered = {name for name, operation in operations.items() if operation.authentication == "bearer"}
    for plan, budget in ((name, budget) for name, each in quotas.plans.items() for budget in each.operations.values()):
        if budget.name not in operations:
            hint = did_you_mean(budget.name, metered) or f"; there are {listed(sorted(metered))}"
            raise Misconfigured(f"{budget.place}: plan '{plan}': there is no operation '{budget.name}'{hint}")
        if budget.name not in metered:
            raise Misconfigured(f"{budget.place}: plan '{plan}': '{budget.name}' takes no partner's token; remove it")


def _plan(document: Document, name: str) -> Plan:
    place = ("plans", name)
    plan = mapping_at(document, place, called=f"plan '{name}'")
    names = [key for key in plan if key not in _RESERVED]
    if not names:
        raise Misconfigured(f"{document.at(*place)}: plan '{name}' has no budget; write 'burst: {{…}}'")
    budgets = tuple(_budget(document, (*place, budget)) for budget in names)
    return Plan(budgets, _operations(document, name, taken=names), _outage(document, name), name)


def _operations(document: Document, plan: str, *, taken: list[str]) -> Mapping[str, Budget]:
    place = ("plans", plan, "operations")
    if place not in document.lines:
        return {}
    for name in (own := mapping_at(document, place, called=f"'operations' of plan '{plan}'")):
        if name in taken:
            raise Misconfigured(f"{document.at(*place, name)}: plan '{plan}' has a budget '{name}', too; rename that")
    return {name: _budget(document, (*place, name)) for name in own}


def _outage(document: Document, plan: str) -> Outage:
    value = document.value["plans"][plan].get("on_outage", "local_share")
    if fault := _OUTAGE.fault(value):
        raise Misconfigured(f"{document.at('plans', plan, 'on_outage')}: plan '{plan}': 'on_outage' {fault}")
    return _OUTAGES[_OUTAGES.index(value)]


def _budget(document: Document, place: Place) -> Budget:
    name = str(place[-1])
    found = read_section(document, place, called=f"budget '{name}'", keys=_BUDGET, optional={})
    return Budget(name, found["quota"], found["window"], document.at(*place))
