"""What would happen to a request, and why: the decisions that its stages would take, each with its rule and place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gateway.domain.access import Decision, Deny, Matter
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import GatewayError
from gateway.governance.bundle import Bundle
from gateway.governance.decisions import (
    ASKED_ABOUT,
    ASKED_TO_COMMIT,
    ASKED_TO_WAIVE,
    on_arrival,
    on_commitment,
    on_content,
    on_waiver,
    standing,
)
from gateway.refusals import InvalidToken, denied


@dataclass(frozen=True, slots=True)
class Case:
    """A request, as far as policies ask about it."""

    principal: Principal
    operation: Operation
    matter: Matter
    status: str | None = "active"  # of the partner; a system has none


@dataclass(frozen=True, slots=True)
class Told:
    """One line of an explanation."""

    about: str  # standing, admission, quota, access, channel, history, commitment, waiver
    outcome: Literal["allow", "deny", "limit"]  # limit: a budget that may be spent by then
    rule: str
    place: str  # file:line
    detail: str
    refusal: GatewayError | None = None  # what the caller gets for a deny
    binding: bool = True  # False: asked only of some requests, and not of this one


@dataclass(frozen=True, slots=True)
class Explanation:
    told: tuple[Told, ...]
    refusal: GatewayError | None
    status: int  # what the caller sees; without a refusal, what the contract promises for success


Source = Callable[[Bundle, Case], Iterator[Told]]


def explain(bundle: Bundle, case: Case) -> Explanation:
    """Everything that is decided, in order, as far as the first no."""
    told: list[Told] = []
    for line in (line for source in SOURCES for line in source(bundle, case)):
        told.append(line)
        if line.refusal is not None and line.binding:
            return Explanation(tuple(told), line.refusal, line.refusal.status)
    return Explanation(tuple(told), None, _success(bundle, case.operation))


def _standing(bundle: Bundle, case: Case) -> Iterator[Told]:
    if case.operation.authentication == "bearer":
        decision = standing(case.status)
        yield _told(decision, refusal=InvalidToken(decision.reason) if isinstance(decision, Deny) else None)


def _budgets(bundle: Bundle, case: Case) -> Iterator[Told]:
    plan = bundle.quotas.plan_of(case.principal).name
    unknown = f" ('{case.principal.plan}' is not in the file)" if case.principal.plan not in (plan, "", None) else ""
    for budget in bundle.quotas.budgets(case.principal, case.operation):
        detail = f"{budget.quota} in {budget.window} s, by the plan '{plan}'{unknown}"
        yield Told("quota", "limit", budget.name, budget.place, detail)


def _places(bundle: Bundle, case: Case) -> Iterator[Told]:
    """How many may be under way at once: of its class, of the operation, of the partner."""
    admission = bundle.admission
    limits = [admission.of_class(case.operation.id), admission.operations.get(case.operation.id)]
    if case.operation.authentication == "bearer":
        limits.append(admission.of_partner(case.principal.plan))
    for limit in filter(None, limits):
        yield Told("admission", "limit", limit.yes.rule, limit.yes.place, limit.no.reason)


def _arrival(bundle: Bundle, case: Case) -> Iterator[Told]:
    for decision in on_arrival(bundle.access, case.principal, case.operation):
        yield _told(decision)


def _content(bundle: Bundle, case: Case) -> Iterator[Told]:
    if case.operation.id not in ASKED_ABOUT:
        return
    for decision in on_content(bundle.access, case.principal, case.operation, case.matter):
        yield _told(decision)
    if not case.matter.history:
        aged = replace(case.matter, history=True)
        for decision in on_content(bundle.access, case.principal, case.operation, aged):
            if decision.about == "history":
                yield replace(_told(decision), binding=False)


def _commitment(bundle: Bundle, case: Case) -> Iterator[Told]:
    if case.operation.id in ASKED_TO_COMMIT:
        for decision in on_commitment(bundle.access, case.principal, case.operation):
            yield replace(_told(decision), binding=case.matter.commits)


def _waiver(bundle: Bundle, case: Case) -> Iterator[Told]:
    if case.operation.id in ASKED_TO_WAIVE:
        for decision in on_waiver(bundle.access, case.principal, case.operation):
            yield replace(_told(decision), binding=case.matter.waives)


SOURCES: tuple[Source, ...] = (  # in the order of the stages that enforce them
    _standing,  # edge/authentication.py
    _places,  # edge/door.py, edge/concurrency.py
    _budgets,  # edge/quota.py
    _arrival,  # edge/authorization.py
    _content,  # the operation's route
    _commitment,  # the same
    _waiver,  # the same
)


def _told(decision: Decision, *, refusal: GatewayError | None = None) -> Told:
    if isinstance(decision, Deny):
        no = refusal or denied(decision)
        return Told(decision.about, "deny", decision.rule, decision.place, decision.reason, refusal=no)
    reach = f"reach {decision.reach}" if decision.about == "access" else ""
    return Told(decision.about, "allow", decision.rule, decision.place, reach)


def _success(bundle: Bundle, operation: Operation) -> int:
    described = bundle.contracts.documents[operation.contract]["paths"][operation.path][operation.method.lower()]
    return min(int(status) for status in described["responses"] if status.startswith("2"))
