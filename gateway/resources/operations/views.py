"""Exceptions as operators read them: rows become the documents of the contract."""

from typing import Any

from gateway.domain.time import rfc3339
from gateway.store.exceptions import ExceptionRow
from gateway.store.mending import Mendables, allowed


def exception_view(row: ExceptionRow, mendables: Mendables) -> dict[str, Any]:
    view: dict[str, Any] = {
        "exception_id": row.exception_id,
        "version": row.version,
        "class": row.class_,
        "code": row.code,
        "subject": row.subject,
        "owner": row.owner,
        "severity": row.severity,
        "state": row.state,
        "opened_at": rfc3339(row.opened_at),
        "due_at": rfc3339(row.due_at),
        "occurrences": row.occurrences,
        "evidence": row.evidence,
        "allowed_actions": allowed(mendables, row),
    }
    if row.resolved_at is not None:
        view["resolved_at"] = rfc3339(row.resolved_at)
    if row.resolution is not None:
        view["resolution"] = row.resolution
    return view
