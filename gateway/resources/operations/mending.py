"""An operator's deed, on one exception or on all of one cause, and the answer that its key is given for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.refusals import Conflict, NotFound, PreconditionFailed, Refused
from gateway.resources.answers import JSON
from gateway.resources.operations.views import exception_view
from gateway.resources.preconditions import etag_of, tags_expected
from gateway.store import audit
from gateway.store.accept import order_locked, outcome_told
from gateway.store.exceptions import ExceptionRow, Sought, count_open, list_exceptions, read_exception
from gateway.store.idempotency import alone, given_before, keep
from gateway.store.mending import Deed, Mendables, mend
from gateway.store.pool import Connection, Database

USUAL_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Bench:
    """Where exceptions are mended, and the tools."""

    database: Database
    mendables: Mendables
    mint: Mint

    async def act(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        """*if_match* are the lines of that header: of a new request only, since a replay is no new decision."""
        with outcome_told(call):
            async with self.database.transaction() as connection:
                seen = await read_exception(connection, call.path_parameters["exception_id"])
                if seen is None:
                    raise NotFound("there is no such exception")
                if call.given_before:
                    return call.given_before.answer
                answer = await self._acted(connection, call, seen, expected=tags_expected(if_match))
            call.effect = "applied"
            return answer

    async def _acted(
        self, connection: Connection, call: Call, seen: ExceptionRow, *, expected: frozenset[str] | None
    ) -> Answer:
        """The key first: a copy of the request stands in line for it, and then finds the answer."""
        if given := await alone(connection, call):
            return given
        if expected is not None and etag_of(seen.version) not in expected:
            raise PreconditionFailed(f"the exception is at version {seen.version}", effect="none")
        after = await self._mended(connection, call, seen, _deed(call))
        headers = {"content-type": JSON, "etag": etag_of(after.version)}
        answer = _checked(call, Answer(200, headers, orjson.dumps(exception_view(after, self.mendables))))
        call.effect = "unknown"
        kept = await keep(connection, call, seen.exception_id, answer)
        assert kept, "nobody else has this key"
        return answer

    async def _mended(self, connection: Connection, call: Call, seen: ExceptionRow, deed: Deed) -> ExceptionRow:
        with order_locked():
            after = await mend(connection, self.mendables, seen, deed)
        facts = deed.resolution  # the exception itself forgets it when it opens again
        await audit.record(connection, call, seen.exception_id, audit_id=self.mint("aud"), facts=facts)
        return after

    async def act_on_all(self, call: Call) -> Answer:
        """Each in a transaction of its own. Whoever repeats a request that was cut off finds the rest of them open."""
        if call.given_before:
            return call.given_before.answer
        with outcome_told(call):
            await self._refuse_unless_as_many(call)
            sought = Sought("open", call.body["class"], call.body["code"])
            rows = await list_exceptions(self.database, sought, limit=call.body.get("limit", USUAL_LIMIT))
            outcomes = [await self._outcome(call, row) for row in rows]
            async with self.database.transaction() as connection:
                left = await count_open(connection, call.body["class"], call.body["code"])
                answer = _checked(call, _told(call, outcomes, left=left))
                if not await keep(connection, call, call.body["class"], answer):
                    return await given_before(connection, call)
            call.effect = "applied"
            return answer

    async def _refuse_unless_as_many(self, call: Call) -> None:
        if (expected := call.body.get("expected")) is None:
            return
        async with self.database.connection() as connection:
            there = await count_open(connection, call.body["class"], call.body["code"])
        if there != expected:
            raise Conflict(f"{there} are open, not {expected}; nothing was changed", effect="none")

    async def _outcome(self, call: Call, seen: ExceptionRow) -> dict[str, Any]:
        told = {"exception_id": seen.exception_id, "subject": seen.subject}
        try:
            async with self.database.transaction() as connection:
                await self._mended(connection, call, seen, _deed(call))
        except Refused as error:
            return {**told, "outcome": "refused", "code": error.code, "detail": error.detail}
        call.effect = "unknown"  # some of it has been done
        return {**told, "outcome": "done"}


def _deed(call: Call) -> Deed:
    body, caller = call.body, call.caller
    return Deed(
        body["action"],
        body["evidence"],
        caller.subject,
        call.now,
        roles=caller.roles,
        as_=body.get("as"),
        reference=body.get("reference"),
    )


def _checked(call: Call, answer: Answer) -> Answer:
    assert call.check_answer is not None, "the contract stage has run"
    call.check_answer(answer.status, answer.headers, answer.body)
    return answer


def _told(call: Call, outcomes: list[dict[str, Any]], *, left: int) -> Answer:
    done = sum(each["outcome"] == "done" for each in outcomes)
    result = {
        **{name: call.body[name] for name in ("class", "code", "action")},
        **{"done": done, "refused": len(outcomes) - done, "left_open": left, "outcomes": outcomes},
    }
    return Answer(200, {"content-type": JSON}, orjson.dumps(result))
