"""
Approvals: people's yes to one content of one subject, step by step, each step by another person of the right role.

pending → approved | rejected; pending or approved → superseded, when the subject is not what it was. Silence decides
nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from gateway.domain.approval_policy import KindRule
from gateway.domain.money import Money

ApprovalState = Literal["pending", "approved", "rejected", "superseded"]
Verdict = Literal["approved", "rejected"]
Bar = Literal["superseded", "decided", "own_request", "took_part", "second_step", "other_role"]

REASON = (3, 500)  # characters, at least and at most


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be approved. *content*: what is true of the subject, as JSON without fractions; no personal data."""

    kind: str  # refund, …
    subject: str  # its id
    amount: Money
    content: Mapping[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        if self.amount.amount < 0:
            raise ValueError("nobody approves less than nothing")
        _refuse_fractions(self.content)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON of all of it: what an approval is given for, and for nothing else."""
        said = {
            **{"kind": self.kind, "subject": self.subject, "content": self.content},
            "amount": {"amount": self.amount.amount, "currency": self.amount.currency},
        }
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return sha256(canonical.encode()).hexdigest()


def _refuse_fractions(value: Any) -> None:
    """What is written in two ways has no hash of its own; nor has a key that is no text."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{key!r} is no text")
            _refuse_fractions(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_fractions(part)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"{value!r} is neither text, integer, truth value nor null")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a partner, an operator or ours. *operator* acted, for themselves or for them, and decides no step; nor
    does whoever is *barred*, for their part in what is to be approved."""

    name: str
    operator: str | None = None
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    by: str  # an operator
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """A yes that is needed. Its time runs from when the step before is decided."""

    role: str  # whose it is now
    minutes: int
    passed_on_from: str | None = None  # the role that did not decide in time
    due_at: datetime | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Without steps it is the policy that said yes."""

    approval_id: str
    matter: Matter
    content_hash: str  # of the matter, as it was written down
    asker: Asker
    steps: tuple[Step, ...]
    escalate_to: str
    state: ApprovalState
    created_at: datetime
    decided_at: datetime | None = None
    run_id: str | None = None  # the run that waits for it

    @property
    def at(self) -> int | None:
        """Which step is to be decided now."""
        if self.state != "pending":
            return None
        return next(number for number, step in enumerate(self.steps) if step.decision is None)


def begun(approval_id: str, matter: Matter, asker: Asker, rule: KindRule, *, now: datetime) -> Approval:
    """With the chain of steps that the policy wants; without one it is approved at once."""
    steps = tuple(Step(step.role, step.minutes) for step in rule.chain(matter.amount))
    state: ApprovalState = "pending" if steps else "approved"
    return Approval(
        approval_id, matter, matter.content_hash, asker, steps, rule.escalate_to, state, now, None if steps else now
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """An operator's word about the content they have seen."""

    decision: Decision
    roles: frozenset[str]
    content_hash: str


def bar(approval: Approval, attempt: Attempt) -> Bar | None:
    """Why this person cannot decide it so. The same decision of the same person again is barred by nothing."""
    by, made = attempt.decision.by, [step.decision for step in approval.steps if step.decision]
    if approval.state == "superseded" or attempt.content_hash != approval.content_hash:
        return "superseded"
    if approval.at is None:
        again = any((each.by, each.verdict) == (by, attempt.decision.verdict) for each in made)
        return None if again else "decided"
    return personal_bar(approval, by, attempt.roles)


def personal_bar(approval: Approval, by: str, roles: frozenset[str]) -> Bar | None:
    """Why it is not this person's to decide the step that is to be decided now."""
    if approval.at is None:
        return "decided"
    if by == approval.asker.operator:
        return "own_request"
    if by in approval.asker.barred:
        return "took_part"
    if any(step.decision and step.decision.by == by for step in approval.steps):
        return "second_step"
    return None if approval.steps[approval.at].role in roles else "other_role"


def holds(approval: Approval, matter: Matter, barred: frozenset[str]) -> bool:
    """Is it of this very content, and has nobody said yes to it who has a part in it by now?"""
    if approval.state == "superseded" or approval.content_hash != matter.content_hash:
        return False
    decisions = [step.decision for step in approval.steps if step.decision]
    return approval.state == "rejected" or not any(made.by in barred for made in decisions)


def decide(approval: Approval, attempt: Attempt) -> Approval:
    """With the decision made; as it is, if it is decided already. The caller has asked `bar`."""
    if approval.at is None:
        return approval
    here, verdict = approval.at, attempt.decision.verdict
    decided = replace(approval.steps[here], decision=attempt.decision)
    steps = (*approval.steps[:here], decided, *approval.steps[here + 1 :])
    if verdict == "approved" and here + 1 < len(steps):
        return replace(approval, steps=steps)
    return replace(approval, steps=steps, state=verdict, decided_at=attempt.decision.at)


def pass_on(approval: Approval) -> Approval:
    """The step was not decided in time: from now on it is the escalation role's. Once, and it decides nothing."""
    if approval.at is None or approval.steps[approval.at].passed_on_from is not None:
        return approval
    here = approval.at
    step = approval.steps[here]
    passed = replace(step, role=approval.escalate_to, passed_on_from=step.role)
    return replace(approval, steps=(*approval.steps[:here], passed, *approval.steps[here + 1 :]))
