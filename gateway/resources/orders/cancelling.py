"""A request to cancel: heard while the order can still be stopped, repeated without effect, else refused."""

from collections.abc import Sequence

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.orders import OrderStatus, allowed_actions
from gateway.domain.time import rfc3339
from gateway.refusals import NotCancellable, NotFound, PreconditionFailed
from gateway.resources.answers import JSON, whose
from gateway.resources.orders.schemas import CancelReceipt
from gateway.resources.preconditions import etag_of, tags_expected
from gateway.store import audit
from gateway.store.accept import outcome_told
from gateway.store.cancelling import Standing, Wish, is_within_reach, lock_standing, request_cancel
from gateway.store.idempotency import answered, given_before, keep
from gateway.store.pool import Connection, Database


async def cancel(database: Database, call: Call, *, if_match: Sequence[str], public: str, mint: Mint) -> Answer:
    """Exactly one of this and the workflow's release wins: both look at the order under its lock.

    *if_match* are the lines of that header: of a new request only, since a replay is no new decision.
    """
    with outcome_told(call):
        async with database.transaction() as connection:
            if not await is_within_reach(connection, call.path_parameters["order_id"], partner=whose(call)):
                raise NotFound("there is no such order")
            if call.given_before:
                return call.given_before.answer
            expected = tags_expected(if_match)
            answer = await _heard(connection, call, expected=expected, public=public, mint=mint)
        call.effect = "applied"
        return answer


async def _heard(
    connection: Connection, call: Call, *, expected: frozenset[str] | None, public: str, mint: Mint
) -> Answer:
    """The answer, written down in the caller's transaction together with what it promises."""
    order_id = call.path_parameters["order_id"]
    assert call.check_answer is not None, "the contract stage has run"
    standing = await lock_standing(connection, order_id)
    if given := await answered(connection, call):  # by a copy that held the lock while this one stood in line
        return given
    asked = standing.status is OrderStatus.CANCEL_REQUESTED
    after = standing if asked else _asked(standing, call)
    if expected is not None and etag_of(standing.version) not in expected:
        raise PreconditionFailed(f"the order is at version {standing.version}", effect="none")
    answer = _answer(order_id, after, public)
    call.check_answer(answer.status, answer.headers, answer.body)
    call.effect = "unknown"
    if not await keep(connection, call, order_id, answer):
        return await given_before(connection, call)
    await audit.record(connection, call, order_id, audit_id=mint("aud"))
    if not asked:
        await request_cancel(connection, call, _wish(call, order_id, before=standing, after=after, mint=mint))
    return answer


def _asked(standing: Standing, call: Call) -> Standing:
    """How the order stands once the wish is written down. A refusal needs no record: it is the same for ever."""
    if standing.shipped or not allowed_actions(standing.status, cancel_asked=standing.cancel is not None):
        raise NotCancellable(f"the order is {'shipped' if standing.shipped else standing.status}", effect="none")
    pending = {"requested_at": rfc3339(call.now), "outcome": "pending"}
    return Standing(OrderStatus.CANCEL_REQUESTED, standing.version + 1, pending, shipped=False)


def _answer(order_id: str, standing: Standing, public: str) -> Answer:
    assert standing.cancel is not None, "a cancel was asked for"
    receipt: CancelReceipt = {
        "order_id": order_id,
        "status": standing.status.value,
        "version": standing.version,
        "cancel": {"requested_at": standing.cancel["requested_at"], "outcome": "pending"},
    }
    headers = {
        "content-type": JSON,
        "location": f"{public}/v1/orders/{order_id}",
        "etag": etag_of(standing.version),
    }
    return Answer(202, headers, orjson.dumps(receipt))


def _wish(call: Call, order_id: str, *, before: Standing, after: Standing, mint: Mint) -> Wish:
    assert after.cancel is not None, "a cancel was asked for"
    return Wish(
        order_id=order_id,
        before=before.status,
        cancel=after.cancel,
        reason=(call.body or {}).get("reason"),
        event_id=mint("evt"),
        signal_id=mint("sig"),
    )
