"""How much is allowed: the plans of `policies/quotas.yaml`, as buckets to draw from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import Misconfigured
from gateway.governance.names import did_you_mean, listed
from gateway.governance.sections import Count, mapping_at, only_keys, read_section
from gateway.governance.yaml import Document, read_yaml
from gateway.ports import Bucket

_KEYS = {"quota": Count(100), "window": Count(60)}


@dataclass(frozen=True, slots=True)
class Budget:
    name: str
    quota: int
    window: int  # seconds
    place: str = ""  # file:line


@dataclass(frozen=True, slots=True)
class Quotas:
    plans: Mapping[str, tuple[Budget, ...]]
    default_plan: str
    addresses: Budget
    token_route: Budget

    def plan_of(self, principal: Principal) -> str:
        """The plan in force: one that we do not know is the default."""
        wanted = principal.plan or self.default_plan
        return wanted if wanted in self.plans else self.default_plan

    def budgets(self, principal: Principal, operation: Operation) -> tuple[Budget, ...]:
        """What a call of *operation* draws from. Only partners have a plan."""
        if principal.kind != "partner" or operation.authentication == "none":
            return ()
        return self.plans[self.plan_of(principal)]

    def buckets(self, principal: Principal, operation: Operation) -> tuple[Bucket, ...]:
        who, budgets = f"partner:{principal.partner}", self.budgets(principal, operation)
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


def _plan(document: Document, name: str) -> tuple[Budget, ...]:
    budgets = mapping_at(document, ("plans", name), called=f"plan '{name}'")
    if not budgets:
        raise Misconfigured(f"{document.at('plans', name)}: plan '{name}' has no budget; write 'burst: {{…}}'")
    return tuple(_budget(document, ("plans", name, budget)) for budget in budgets)


def _budget(document: Document, place: tuple[str, ...]) -> Budget:
    found = read_section(document, place, called=f"budget '{place[-1]}'", keys=_KEYS, optional={})
    return Budget(place[-1], found["quota"], found["window"], document.at(*place))
