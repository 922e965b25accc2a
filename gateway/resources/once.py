"""A command that is carried out once, whatever comes twice: its effect, its answer under the key and its audit row."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.store import audit
from gateway.store.accept import countable, outcome_told
from gateway.store.idempotency import alone, keep
from gateway.store.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, what is told of it, and what its audit row says besides."""

    resource_id: str
    answer: Answer
    facts: Mapping[str, object] = field(default_factory=dict)


async def once(database: Database, call: Call, do: Callable[[Connection], Awaitable[Done]], *, mint: Mint) -> Answer:
    """Everything in one commit. The caller has seen to it that whoever asks may."""
    if call.given_before:
        return call.given_before.answer
    with outcome_told(call), countable():
        async with database.transaction() as connection:
            if given := await alone(connection, call):
                return given
            done = await do(connection)
            assert call.check_answer is not None, "the contract stage has run"
            call.check_answer(done.answer.status, done.answer.headers, done.answer.body)
            call.effect = "unknown"
            kept = await keep(connection, call, done.resource_id, done.answer)
            assert kept, "nobody else has this key"
            await audit.record(connection, call, done.resource_id, audit_id=mint("aud"), facts=done.facts)
        call.effect = "applied"
        return done.answer
