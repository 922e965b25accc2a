"""
Accepting a command, in one statement and so in one transaction: the key with its finished answer, personal data, the
resource's own row, event, audit row, run and the start of its task. Together or not at all.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import orjson
import psycopg

from gateway.context import Answer, Call
from gateway.errors import Effect, Unavailable
from gateway.refusals import Conflict, IdempotencyInFlight, OrderLocked
from gateway.store import audit
from gateway.store.idempotency import KEEP, given_before, kept
from gateway.store.pool import Database


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A command ready to be committed, and what its caller is told."""

    resource_id: str
    answer: Answer
    saga: str  # its name and version: the workflow that carries the command out
    version: int
    event_type: str
    event: Mapping[str, Any]
    event_id: str
    audit_id: str
    personal_id: str
    personal: Mapping[str, Any]
    row: Mapping[str, Any]  # parameters of the resource's own insert


def statement(insert: LiteralString) -> LiteralString:
    """The statement that accepts a resource whose row is written by *insert*, which selects from `promise`."""
    return f"""
with promise as ({KEEP}),
personal as (
    insert into personal_data (personal_id, document, created_at)
    select %(personal_id)s, %(personal)s::jsonb, %(now)s from promise
), resource as ({insert}
), happened as (
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data, told_to)
    select %(event_id)s, %(resource_id)s, 1, %(event_type)s, %(now)s, %(trace_id)s, %(event)s::jsonb, %(partner_id)s
      from promise
), audited as ({audit.RECORD} from promise
), started as (
    insert into run (run_id, saga, version, state, traceparent, created_at, updated_at)
    select %(resource_id)s, %(saga)s, %(version)s, 'running', %(traceparent)s, %(now)s, %(now)s from promise
)
select start_task(%(resource_id)s, %(saga)s, %(version)s, 1) from promise
"""


async def accept(database: Database, call: Call, acceptance: Acceptance, *, sql: LiteralString) -> Answer:
    """Commit, or give the answer that the key has already. Unique violations of the resource's row are the caller's."""
    assert call.check_answer is not None, "the contract stage has run"
    answer = acceptance.answer
    call.check_answer(answer.status, answer.headers, answer.body)
    with outcome_told(call):
        async with database.connection() as connection:
            call.effect = "unknown"
            cursor = await connection.execute(sql, _parameters(call, acceptance), prepare=True)
            if await cursor.fetchone() is None:
                return await given_before(connection, call)
            call.effect = "applied"
            return answer


@contextmanager
def outcome_told(call: Call) -> Iterator[None]:
    """Says of every failure of the database whether the effect may have happened."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise IdempotencyInFlight("the first request with this key is still being worked on", effect="none") from error
    except psycopg.errors.QueryCanceled as error:
        raise Unavailable("the database took too long", effect="none") from error
    except Unavailable as error:
        raise Unavailable(error.detail, effect=_effect(call, error)) from error


@contextmanager
def order_locked() -> Iterator[None]:
    """Around statements that wait for an order and its run: for these, not for its key, the caller was kept waiting."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise OrderLocked("the order is being worked on; repeat the request", effect="none") from error


@contextmanager
def countable() -> Iterator[None]:
    """Numbers beyond what a position can hold are the caller's to mend."""
    try:
        yield
    except psycopg.errors.NumericValueOutOfRange as error:
        raise Conflict("with this a position would hold more than can be counted", effect="none") from error


def _effect(call: Call, error: Unavailable) -> Effect:
    return "none" if call.effect == "unknown" and not _was_cut(error) else call.effect


def _was_cut(error: Unavailable) -> bool:
    """Did the connection end after something was sent? Then it may have been committed. A refusal commits nothing."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state[:2] in ("08", "57")


def _parameters(call: Call, acceptance: Acceptance) -> dict[str, Any]:
    return {
        **kept(call, acceptance.resource_id, acceptance.answer),
        **audit.recorded(call, acceptance.resource_id, audit_id=acceptance.audit_id),
        "saga": acceptance.saga,
        "version": acceptance.version,
        "traceparent": call.traceparent,
        "event_id": acceptance.event_id,
        "event_type": acceptance.event_type,
        "event": orjson.dumps(acceptance.event).decode(),
        "personal_id": acceptance.personal_id,
        "personal": orjson.dumps(acceptance.personal).decode(),
        **acceptance.row,
    }
