"""A partner's wish to cancel: decided under the order's lock against what is known, told to the run in the same commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from gateway.context import Call
from gateway.domain.orders import OrderStatus, event_type
from gateway.domain.time import rfc3339
from gateway.errors import Unavailable
from gateway.refusals import IdempotencyInFlight
from gateway.store import audit
from gateway.store.idempotency import Answer, keep, look_up
from gateway.store.pool import Connection, Database
from gateway.store.signals import Signal, lock_run, signal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands while its row is locked."""

    status: OrderStatus
    version: int
    cancel: Mapping[str, str] | None
    shipped: bool  # the warehouse has said so, even if the workflow has not taken it up yet


@dataclass(frozen=True, slots=True)
class Wish:
    """A request to cancel. *answer* tells the caller what became of it, or raises what refuses it."""

    order_id: str
    partner: str | None  # None: everybody's orders
    reason: str | None
    event_id: str
    audit_id: str
    signal_id: str
    answer: Callable[[Standing], Answer]


async def cancel(database: Database, call: Call, wish: Wish) -> Answer | None:
    """The answer, kept under the call's key; None: there is no such order for this caller."""
    assert call.idempotency is not None, "the idempotency stage has run"
    try:
        async with database.transaction() as connection:
            answer = await _decide(connection, call, wish)
    except psycopg.errors.LockNotAvailable as error:
        raise IdempotencyInFlight("the order is being worked on", effect="none") from error
    except psycopg.errors.QueryCanceled as error:
        raise Unavailable("the database took too long", effect="none") from error
    except Unavailable as error:
        raise Unavailable(error.detail, effect="unknown" if call.accepted else "none") from error
    except _AnsweredBefore:
        record = await look_up(database, call.caller.partner or "", call.idempotency.key)
        if record is None:
            raise IdempotencyInFlight("this key's record has just gone; repeat the request", effect="none") from None
        return record.replay(call.idempotency.fingerprint)
    return answer


class _AnsweredBefore(Exception):
    """Another copy of the request was faster: nothing of this one is kept."""


async def _decide(connection: Connection, call: Call, wish: Wish) -> Answer | None:
    await lock_run(connection, wish.order_id)
    standing = await _standing(connection, wish)
    if standing is None:
        return None
    asked_before = standing.status is OrderStatus.CANCEL_REQUESTED
    if not asked_before:
        cancel = {"requested_at": rfc3339(call.now), "outcome": "pending"}
        standing = Standing(standing.status, standing.version, standing.cancel or cancel, standing.shipped)
    answer = wish.answer(standing)
    assert call.check_answer is not None, "the contract stage has run"
    call.check_answer(answer.status, answer.headers, answer.body)
    call.accepted = True
    if not await keep(connection, call, wish.order_id, answer):
        raise _AnsweredBefore
    if not asked_before:
        await _request(connection, call, wish, standing)
    return answer


async def _standing(connection: Connection, wish: Wish) -> Standing | None:
    cursor = await connection.execute(_STANDING, (wish.order_id, wish.order_id, wish.partner, wish.partner))
    row = await cursor.fetchone()
    return Standing(OrderStatus(row[0]), *row[1:]) if row else None


_STANDING = """
select status, version, cancel, exists (select 1 from signal where run_id = %s and kind = 'shipped')
  from orders where order_id = %s and (%s::text is null or partner_id = %s) for no key update
"""
