"""Approvals as operators read them: what is asked, who has said what, and what whoever reads may do."""

from typing import Any

from gateway.domain.approvals import Approval, Decision, Step, personal_bar
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339


def approval_view(approval: Approval, reader: Principal) -> dict[str, Any]:
    matter, barred = approval.matter, personal_bar(approval, reader.subject, reader.roles)
    view: dict[str, Any] = {
        "approval_id": approval.approval_id,
        "kind": matter.kind,
        "subject": matter.subject,
        "content": matter.content,
        "content_hash": approval.content_hash,
        "amount": {"amount": matter.amount.amount, "currency": matter.amount.currency},
        "asked_by": approval.asker.name,
        "status": approval.state,
        "steps": [_step_view(step) for step in approval.steps],
        "by_policy": not approval.steps,
        "created_at": rfc3339(approval.created_at),
        "allowed_actions": ["approve", "reject"] if barred is None else [],
    }
    if approval.asker.operator is not None:
        view["operator"] = approval.asker.operator
    if approval.decided_at is not None:
        view["decided_at"] = rfc3339(approval.decided_at)
    return view


def _step_view(step: Step) -> dict[str, Any]:
    view: dict[str, Any] = {"role": step.role, "minutes": step.minutes}
    if step.passed_on_from is not None:
        view["passed_on_from"] = step.passed_on_from
    if step.due_at is not None:
        view["due_at"] = rfc3339(step.due_at)
    if step.decision is not None:
        view["decision"] = _decision_view(step.decision)
    return view


def _decision_view(made: Decision) -> dict[str, str]:
    return {"verdict": made.verdict, "by": made.by, "reason": made.reason, "at": rfc3339(made.at)}
