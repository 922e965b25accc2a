"""An operator's yes or no, once whatever comes twice: with its answer and its audit row in one commit."""

from dataclasses import dataclass

import orjson

from gateway.context import Answer, Call
from gateway.domain.approvals import Attempt, Decision, Verdict
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON
from gateway.resources.approvals.views import approval_view
from gateway.store import approvals, audit
from gateway.store.accept import order_locked, outcome_told
from gateway.store.idempotency import alone, keep
from gateway.store.pool import Connection, Database

ABSENT = "there is no such approval"


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decisions need."""

    database: Database
    mint: Mint

    async def decide(self, call: Call, verdict: Verdict) -> Answer:
        if call.given_before:
            return call.given_before.answer
        with outcome_told(call):
            async with self.database.transaction() as connection:
                if given := await alone(connection, call):
                    return given
                answer = await self._decided(connection, call, verdict)
            call.effect = "applied"
            return answer

    async def _decided(self, connection: Connection, call: Call, verdict: Verdict) -> Answer:
        approval_id, body, caller = call.path_parameters["approval_id"], call.body, call.caller
        made = Decision(verdict, caller.subject, body["reason"], call.now)
        attempt = Attempt(made, caller.roles, body["content_hash"])
        with order_locked():
            done = await approvals.decide(connection, approval_id, attempt)
        if done is None:
            raise NotFound(ABSENT, effect="none")
        approval, changed = done
        answer = Answer(200, {"content-type": JSON}, orjson.dumps(approval_view(approval, caller)))
        assert call.check_answer is not None, "the contract stage has run"
        call.check_answer(answer.status, answer.headers, answer.body)
        call.effect = "unknown"
        kept = await keep(connection, call, approval_id, answer)
        assert kept, "nobody else has this key"
        facts = approvals.facts_of(approval, attempt, changed=changed)
        await audit.record(connection, call, approval_id, audit_id=self.mint("aud"), facts=facts)
        return answer
