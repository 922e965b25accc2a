"""Placing an order: its row, and the natural key that outlives every idempotency record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from gateway.context import Answer, Call
from gateway.domain.documents import whole
from gateway.refusals import IdempotencyInFlight
from gateway.store import audit
from gateway.store.accept import Acceptance, accept, outcome_told, statement
from gateway.store.idempotency import KEEP, given_before, kept
from gateway.store.pool import Connection, Database

_INSERT: LiteralString = """
    insert into orders (order_id, partner_id, channel_id, channel_order_id, content_hash, status, currency, grand_total,
                        placed_at, document, personal_id, receipt, receipt_headers, trace_id, received_at, updated_at)
    select %(resource_id)s, %(partner_id)s, %(channel_id)s, %(channel_order_id)s, %(content_hash)s, 'received',
           %(currency)s, %(grand_total)s::bigint, %(placed_at)s, %(document)s::jsonb, %(personal_id)s, %(answer_body)s,
           %(answer_headers)s, %(trace_id)s, %(now)s, %(now)s
      from promise"""

_PLACE = statement(_INSERT)


@dataclass(frozen=True, slots=True)
class Taken:
    """Another order has the natural key; *document* is None when it is not the caller's to know."""

    document: Mapping[str, Any] | None


async def place(database: Database, call: Call, acceptance: Acceptance) -> Answer | Taken:
    """The receipt: a new one, or the one that this key or this order of the channel got before."""
    try:
        return await accept(database, call, acceptance, sql=_PLACE)
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name != "orders_natural_key":
            raise
    return await _placed_before(database, call, acceptance)


async def _placed_before(database: Database, call: Call, acceptance: Acceptance) -> Answer | Taken:
    row = acceptance.row
    with outcome_told(call):
        async with database.connection() as connection:
            cursor = await connection.execute(_BY_NATURAL_KEY, (row["channel_id"], row["channel_order_id"]))
            found = await cursor.fetchone()
            if found is None:
                raise IdempotencyInFlight("the order has just been placed; repeat the request", effect="none")
            order_id, partner_id, content_hash, receipt, headers, document, personal = found
            if partner_id != call.caller.partner:
                return Taken(None)
            if content_hash != row["content_hash"]:
                return Taken(whole(document, personal))
            answer = Answer(acceptance.answer.status, headers, receipt, replayed=True)
            if not await _keep(connection, call, (order_id, answer), audit_id=acceptance.audit_id):
                return await given_before(connection, call)
            call.effect = "applied"
            return answer


async def _keep(connection: Connection, call: Call, given: tuple[str, Answer], *, audit_id: str) -> bool:
    """The new key's record and the call's audit row, in one commit. False: the key has an answer already."""
    order_id, answer = given
    values = {**kept(call, order_id, answer), **audit.recorded(call, order_id, audit_id=audit_id)}
    cursor = await connection.execute(_KEEP_AUDITED, values)
    return await cursor.fetchone() is not None


_KEEP_AUDITED: LiteralString = f"with promise as ({KEEP}) {audit.RECORD} from promise returning 1"

_BY_NATURAL_KEY = """
select o.order_id, o.partner_id, o.content_hash, o.receipt, o.receipt_headers, o.document, p.document
  from orders o left join personal_data p on p.personal_id = o.personal_id
 where o.channel_id = %s and o.channel_order_id = %s
"""
