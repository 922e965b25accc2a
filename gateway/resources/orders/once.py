"""A change of an order that is made once, whatever comes twice: with its answer and its audit row in one commit."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON, whose
from gateway.store import audit
from gateway.store.accept import outcome_told
from gateway.store.cancelling import Standing, is_within_reach, lock_standing
from gateway.store.hands import Hand
from gateway.store.idempotency import answered, given_before, keep
from gateway.store.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a request: what is told of it, and what its audit row says besides."""

    status: int
    view: Mapping[str, Any]
    facts: Mapping[str, object]


Do = Callable[[Connection, Call, Standing], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Once:
    """What such changes need; *absent*: what is said when there is no such order."""

    database: Database
    mint: Mint
    absent: str

    async def __call__(self, call: Call, do: Do) -> Answer:
        """Done under the locks of run and order: copies of a request stand in line for the order."""
        order_id = call.path_parameters["order_id"]
        with outcome_told(call):
            async with self.database.transaction() as connection:
                if not await is_within_reach(connection, order_id, partner=whose(call)):
                    raise NotFound(self.absent)
                if call.given_before:
                    return call.given_before.answer
                standing = await lock_standing(connection, order_id)
                answer = await answered(connection, call) or await self.kept(
                    connection, call, await do(connection, call, standing)
                )
            call.effect = "applied"
            return answer

    async def kept(self, connection: Connection, call: Call, done: Done) -> Answer:
        """The answer, written down under the key. The caller holds what copies of the request wait for."""
        order_id = call.path_parameters["order_id"]
        answer = Answer(done.status, {"content-type": JSON}, orjson.dumps(done.view))
        assert call.check_answer is not None, "the contract stage has run"
        call.check_answer(answer.status, answer.headers, answer.body)
        call.effect = "unknown"
        if not await keep(connection, call, order_id, answer):
            return await given_before(connection, call)  # only ever raises: this request's copies wait for the lock
        await audit.record(connection, call, order_id, audit_id=self.mint("aud"), facts=done.facts)
        return answer

    def hand(self, call: Call) -> Hand:
        return Hand(call.caller.partner or call.caller.subject, call.now, call.trace_id, self.mint)
