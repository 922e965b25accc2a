"""Holds on an order: placed and released by operators, once whatever comes twice, and listed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON, whose
from gateway.resources.orders.hold_views import hold_view
from gateway.store import audit
from gateway.store.accept import outcome_told
from gateway.store.cancelling import Standing, is_within_reach, lock_standing
from gateway.store.holds import Asked, Hand, HoldRow, facts_of, list_holds, place_hold, release_hold
from gateway.store.idempotency import answered, given_before, keep
from gateway.store.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a request."""

    status: int
    hold: HoldRow
    changed: bool = True


Do = Callable[[Connection, Call, Standing], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Holding:
    """What placing and releasing need; *absent*: what is said when there is no such order."""

    database: Database
    mint: Mint
    absent: str

    async def place(self, call: Call) -> Answer:
        return await self._once(call, self._placed)

    async def release(self, call: Call) -> Answer:
        return await self._once(call, self._released)

    async def listed(self, call: Call) -> bytes:
        rows = await list_holds(self.database, call.path_parameters["order_id"], partner=whose(call))
        if rows is None:
            raise NotFound(self.absent)
        return orjson.dumps({"holds": [hold_view(row) for row in rows]})

    async def _once(self, call: Call, do: Do) -> Answer:
        """Done under the locks of run and order, in one commit with its answer: copies stand in line for the order."""
        order_id = call.path_parameters["order_id"]
        with outcome_told(call):
            async with self.database.transaction() as connection:
                if not await is_within_reach(connection, order_id, partner=whose(call)):
                    raise NotFound(self.absent)
                if call.given_before:
                    return call.given_before.answer
                standing = await lock_standing(connection, order_id)
                answer = await answered(connection, call) or await self._kept(
                    connection, call, await do(connection, call, standing)
                )
            call.effect = "applied"
            return answer

    async def _placed(self, connection: Connection, call: Call, standing: Standing) -> Done:
        body = call.body
        ends = datetime.fromisoformat(body["expires_at"]).astimezone(UTC) if "expires_at" in body else None
        asked = Asked(body["type"], body["reason"], ends)
        order_id = call.path_parameters["order_id"]
        return Done(201, await place_hold(connection, order_id, standing, asked, self._hand(call)))

    async def _released(self, connection: Connection, call: Call, standing: Standing) -> Done:
        order_id, hold_id = call.path_parameters["order_id"], call.path_parameters["hold_id"]
        done = await release_hold(connection, order_id, hold_id, reason=call.body["reason"], by=self._hand(call))
        if done is None:
            raise NotFound("the order has no such hold", effect="none")
        return Done(200, *done)

    def _hand(self, call: Call) -> Hand:
        return Hand(call.caller.subject, call.now, call.trace_id, self.mint)

    async def _kept(self, connection: Connection, call: Call, done: Done) -> Answer:
        order_id = done.hold.order_id
        answer = Answer(done.status, {"content-type": JSON}, orjson.dumps(hold_view(done.hold)))
        assert call.check_answer is not None, "the contract stage has run"
        call.check_answer(answer.status, answer.headers, answer.body)
        call.effect = "unknown"
        if not await keep(connection, call, order_id, answer):
            return await given_before(connection, call)  # only ever raises: this request's copies have the order's lock
        facts = facts_of(done.hold, reason=call.body["reason"], changed=done.changed)
        await audit.record(connection, call, order_id, audit_id=self.mint("aud"), facts=facts)
        return answer
