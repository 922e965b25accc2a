"""What granted wishes write, all in one statement: keys, reservations, lines, events, audit rows, and the counters."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import orjson

from gateway.domain.reservations import Reservation
from gateway.refusals import IdempotencyInFlight
from gateway.store import audit
from gateway.store.applications import Grant
from gateway.store.idempotency import kept
from gateway.store.pool import Connection

CREATED = "com.omnigate.reservation.created.v1"


async def write(connection: Connection, grants: Sequence[Grant], *, now: datetime) -> None:
    """The caller has locked the positions. Raises `IdempotencyInFlight` when a key was answered meanwhile."""
    grants = sorted(grants, key=lambda grant: grant.application.key)
    made = [(grant, grant.reservation) for grant in grants if grant.reservation is not None]
    taken = _taken(reservation for _, reservation in made)
    values = {
        **_columns("kept", _KEPT, map(_kept, grants)),
        **_columns("audit", _AUDIT, map(_audited, grants)),
        **_columns("made", _MADE, (_made(grant, reservation) for grant, reservation in made)),
        **_columns("line", _LINE, (line for _, reservation in made for line in _lines(reservation))),
        **_columns("taken", _TAKEN, taken),
        "now": now,
    }
    cursor = await connection.execute(_WRITE, values, prepare=True)
    row = await cursor.fetchone()
    assert row is not None, "it selects one row"
    if row[0] != len(grants):
        raise IdempotencyInFlight("another request with this key has just been answered", effect="none")
    assert row[1] == len(taken), "what is promised is there: the positions are locked"


def _columns(group: str, names: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows as an array a column, for `unnest`."""
    found = list(rows)
    return {f"{group}_{name}": [row[index] for row in found] for index, name in enumerate(names)}


def _arrays(group: LiteralString, names: Mapping[LiteralString, LiteralString]) -> LiteralString:
    arrays: list[LiteralString] = [f"%({group}_{name})s::{kind}[]" for name, kind in names.items()]
    columns: LiteralString = ", ".join(names)
    joined: LiteralString = ", ".join(arrays)
    return f"unnest({joined}) as {group} ({columns})"


_KEPT: Mapping[LiteralString, LiteralString] = {
    "partner_id": "text",
    "key": "text",
    "fingerprint": "bytea",
    "answer_status": "integer",
    "answer_headers": "text",
    "answer_body": "bytea",
    "resource_id": "text",
    "request_id": "text",
    "trace_id": "text",
    "now": "timestamptz",
    "expires_at": "timestamptz",
}
_AUDIT: Mapping[LiteralString, LiteralString] = {
    "audit_id": "text",
    "now": "timestamptz",
    "actor": "text",
    "subject": "text",
    "partner_id": "text",
    "action": "text",
    "resource_id": "text",
    "request_id": "text",
    "trace_id": "text",
    "decisions": "text",
    "facts": "text",
}
_MADE: Mapping[LiteralString, LiteralString] = {
    "reservation_id": "text",
    "kind": "text",
    "holder_type": "text",
    "holder_id": "text",
    "attempt": "integer",
    "partner_id": "text",
    "expires_at": "timestamptz",
    "content_hash": "bytea",
    "receipt": "bytea",
    "event_id": "text",
    "trace_id": "text",
}
_LINE: Mapping[LiteralString, LiteralString] = {
    "reservation_id": "text",
    "number": "integer",
    "line_id": "text",
    "sku": "text",
    "node_id": "text",
    "condition": "text",
    "quantity": "integer",
    "expires_at": "timestamptz",
}
_TAKEN: Mapping[LiteralString, LiteralString] = {
    "sku": "text",
    "node_id": "text",
    "condition": "text",
    "firm": "integer",
    "soft": "integer",
}


def _kept(grant: Grant) -> list[Any]:
    record = kept(grant.application.call, grant.resource_id, grant.answer)
    headers = orjson.dumps(dict(grant.answer.headers)).decode()
    return [headers if name == "answer_headers" else record[name] for name in _KEPT]


def _audited(grant: Grant) -> list[Any]:
    recorded = audit.recorded(grant.application.call, grant.resource_id, audit_id=grant.application.audit_id)
    return [recorded[name] for name in _AUDIT]


def _made(grant: Grant, made: Reservation) -> list[Any]:
    asked, holder = grant.application, made.holder
    return [
        *(made.reservation_id, made.kind, holder.type, holder.id, holder.attempt, asked.call.caller.partner),
        *(made.expires_at, asked.content_hash, grant.answer.body, asked.event_id, asked.call.trace_id),
    ]


def _lines(made: Reservation) -> Iterable[list[Any]]:
    for held in made.lines:
        place = (held.line_id, held.sku, held.node_id, held.condition)
        yield [made.reservation_id, held.number, *place, held.quantity, made.expires_at]


def _taken(made: Iterable[Reservation]) -> list[list[Any]]:
    """Summed by place: firm and soft."""
    firm: Counter[tuple[str, str, str]] = Counter()
    soft: Counter[tuple[str, str, str]] = Counter()
    for reservation in made:
        for held in reservation.lines:
            (firm if reservation.expires_at is None else soft)[held.sku, held.node_id, held.condition] += held.quantity
    return [[*place, firm[place], soft[place]] for place in sorted(firm.keys() | soft.keys())]


_WRITE: LiteralString = f"""
with promise as (
    insert into idempotency (partner_id, key, fingerprint, status, headers, body, resource_id, request_id, trace_id,
                             created_at, expires_at)
    select partner_id, key, fingerprint, answer_status, answer_headers::jsonb, answer_body, resource_id, request_id,
           trace_id, now, expires_at
      from {_arrays("kept", _KEPT)} order by partner_id, key
    on conflict (partner_id, key) do update
       set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
           body = excluded.body, resource_id = excluded.resource_id, request_id = excluded.request_id,
           trace_id = excluded.trace_id, created_at = excluded.created_at, expires_at = excluded.expires_at
     where idempotency.expires_at <= excluded.created_at
    returning 1
), made as (
    select * from {_arrays("made", _MADE)}
), reservations as (
    insert into reservation (reservation_id, kind, holder_type, holder_id, attempt, partner_id, state, expires_at,
                             content_hash, receipt, created_at, updated_at)
    select reservation_id, kind, holder_type, holder_id, attempt, partner_id, 'active', expires_at, content_hash,
           receipt, %(now)s, %(now)s
      from made order by partner_id, holder_type, holder_id, attempt
), lines as (
    insert into reservation_line (reservation_id, number, line_id, sku, node_id, condition, quantity, expires_at)
    select * from {_arrays("line", _LINE)}
), happened as (
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data)
    select event_id, reservation_id, 1, '{CREATED}', %(now)s, trace_id, '{{"state": "active", "version": 1}}' from made
), audited as (
    insert into audit (audit_id, at, actor, subject, partner_id, action, resource, request_id, trace_id, decisions,
                       facts)
    select audit_id, now, actor, subject, partner_id, action, resource_id, request_id, trace_id, decisions::jsonb,
           facts::jsonb
      from {_arrays("audit", _AUDIT)}
), taken as (
    update stock_position p set reserved = p.reserved + taken.firm, reserved_soft = p.reserved_soft + taken.soft,
           cause = 'reservation'
      from {_arrays("taken", _TAKEN)}
     where p.sku = taken.sku and p.node_id = taken.node_id and p.condition = taken.condition
       and p.available >= taken.firm + taken.soft
    returning 1
)
select (select count(*) from promise), (select count(*) from taken)
"""
