"""Who did what, and which policies let them: the audit row of a call, or of an operator's act."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from psycopg.types.json import Jsonb

from gateway.context import Call
from gateway.store.pool import Connection

RECORD = """
insert into audit (audit_id, at, actor, subject, partner_id, action, resource, request_id, trace_id, decisions, facts)
select %(audit_id)s, %(now)s, %(actor)s, %(subject)s, %(partner_id)s, %(action)s, %(resource_id)s, %(request_id)s,
       %(trace_id)s, %(decisions)s::jsonb, %(facts)s::jsonb
"""


def recorded(call: Call, resource_id: str, *, audit_id: str) -> dict[str, Any]:
    """The parameters of RECORD."""
    assert call.operation is not None, "the operation stage has run"
    decisions = [{"decision": type(decision).__name__.lower(), **asdict(decision)} for decision in call.decisions]
    facts = {"operation": call.operation.id}
    if call.idempotency is not None:
        facts["idempotency_key"] = call.idempotency.key
    return {
        "audit_id": audit_id,
        "now": call.now,
        "actor": call.caller.kind,
        "subject": call.caller.subject,
        "partner_id": call.caller.partner,
        "action": call.operation.action,
        "resource_id": resource_id,
        "request_id": call.request_id,
        "trace_id": call.trace_id,
        "decisions": orjson.dumps(decisions).decode(),
        "facts": orjson.dumps(facts).decode(),
    }


async def record(
    connection: Connection,
    call: Call,
    resource_id: str,
    *,
    audit_id: str,
    facts: Mapping[str, object] | None = None,
) -> None:
    values = recorded(call, resource_id, audit_id=audit_id)
    if facts:
        values["facts"] = orjson.dumps({**orjson.loads(values["facts"]), **facts}).decode()
    await connection.execute(RECORD, values)


async def record_told(connection: Connection, run_id: str, *, audit_id: str, source: str, now: datetime) -> None:
    """That *source*, when asked, told a new fact about the run."""
    await connection.execute(
        "insert into audit (audit_id, at, actor, subject, action, resource) values (%s, %s, 'system', %s, %s, %s)",
        (audit_id, now, source, "changes:read", run_id),
    )


@dataclass(frozen=True, slots=True)
class Act:
    """What an operator does: who and when, for the audit row beside the change itself."""

    audit_id: str
    operator: str
    at: datetime


async def record_act(connection: Connection, act: Act, action: str, resource: str, facts: Mapping[str, object]) -> None:
    kind, _, name = resource.partition(":")
    await connection.execute(
        "insert into audit (audit_id, at, actor, subject, partner_id, action, resource, facts)"
        " values (%s, %s, 'operator', %s, %s, %s, %s, %s)",
        [act.audit_id, act.at, act.operator, name if kind == "partner" else None, action, resource, Jsonb(facts)],
    )
