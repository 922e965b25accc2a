"""What was answered under a key: kept with the effect in one commit, and given again byte for byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from gateway.context import Answer, Call
from gateway.refusals import IdempotencyInFlight, IdempotencyKeyReused
from gateway.store.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Record:
    fingerprint: bytes
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime

    def replay(self, fingerprint: bytes) -> Answer:
        """The first answer again, for the same request only."""
        if self.fingerprint != fingerprint:
            raise IdempotencyKeyReused("this key was used for another request", effect="none")
        return Answer(self.status, self.headers, self.body, replayed=True)


Asked = tuple[str, str]  # a partner, and the key it names


async def look_up(database: Database, asked: Sequence[Asked]) -> dict[Asked, Record]:
    """The records under those keys, expired or not."""
    partners, keys = zip(*asked, strict=True)
    async with database.connection() as connection:
        cursor = await connection.execute(_LOOK_UP_ALL, (list(partners), list(keys)), prepare=True)
        return {(row[0], row[1]): Record(*row[2:]) for row in await cursor.fetchall()}


_LOOK_UP_ALL = """
select partner_id, key, fingerprint, status, headers, body, created_at, expires_at
  from unnest(%s::text[], %s::text[]) as asked (partner_id, key) join idempotency using (partner_id, key)
"""

_LOOK_UP = """
select fingerprint, status, headers, body, created_at, expires_at from idempotency where partner_id = %s and key = %s
"""

# Whoever comes second waits here for the first; an expired record is nobody's and is overwritten.
KEEP = """
insert into idempotency (partner_id, key, fingerprint, status, headers, body, resource_id, request_id, trace_id,
                         created_at, expires_at)
values (%(partner_id)s, %(key)s, %(fingerprint)s, %(answer_status)s, %(answer_headers)s, %(answer_body)s,
        %(resource_id)s, %(request_id)s, %(trace_id)s, %(now)s, %(expires_at)s)
on conflict (partner_id, key) do update
   set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, body = excluded.body,
       resource_id = excluded.resource_id, request_id = excluded.request_id, trace_id = excluded.trace_id,
       created_at = excluded.created_at, expires_at = excluded.expires_at
 where idempotency.expires_at <= excluded.created_at
returning 1
"""


def kept(call: Call, resource_id: str, answer: Answer) -> dict[str, Any]:
    """The parameters of KEEP."""
    assert call.operation is not None, "the operation stage has run"
    assert call.idempotency is not None, "the idempotency stage has run"
    return {
        "partner_id": call.caller.account,
        "key": call.idempotency.key,
        "fingerprint": call.idempotency.fingerprint,
        "answer_status": answer.status,
        "answer_headers": Jsonb(dict(answer.headers)),
        "answer_body": answer.body,
        "resource_id": resource_id,
        "request_id": call.request_id,
        "trace_id": call.trace_id,
        "now": call.now,
        "expires_at": call.now + timedelta(hours=call.operation.retention_hours),
    }


async def keep(connection: Connection, call: Call, resource_id: str, answer: Answer) -> bool:
    """False: the key has an answer already."""
    cursor = await connection.execute(KEEP, kept(call, resource_id, answer))
    return await cursor.fetchone() is not None


async def alone(connection: Connection, call: Call) -> Answer | None:
    """No other copy of this request goes on until the transaction ends. What an earlier one was answered, if any."""
    assert call.idempotency is not None, "the idempotency stage has run"
    key = f"{call.caller.account}:{call.idempotency.key}"
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('key:' || %s, 0))", (key,))
    return await answered(connection, call)


async def answered(connection: Connection, call: Call) -> Answer | None:
    """What the key has been answered with since the request came in, if it has."""
    assert call.idempotency is not None, "the idempotency stage has run"
    cursor = await connection.execute(_LOOK_UP, (call.caller.account, call.idempotency.key))
    row = await cursor.fetchone()
    record = Record(*row) if row else None
    return record.replay(call.idempotency.fingerprint) if record and record.expires_at > call.now else None


async def given_before(connection: Connection, call: Call) -> Answer:
    """What the key was answered with, once `keep` has said that it was."""
    answer = await answered(connection, call)
    if answer is None:  # it has expired and been swept since
        raise IdempotencyInFlight("this key's record has just gone; repeat the request", effect="none")
    return answer
