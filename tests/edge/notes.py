"""Routes of the tests alone: each name in the path is a way to behave."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field

import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from gateway.context import Answer, Call, call_of
from gateway.errors import Rejected, Unavailable
from gateway.refusals import Conflict, Fault, NotFound
from gateway.store.idempotency import keep
from gateway.store.pool import Database

CANARY = "canary-4f1c-do-not-repeat"
JSON = {"content-type": "application/json"}


@dataclass
class Turnstile:
    """Requests for the notes `held…` and `resting…` say that they are here, and go on when the test says so."""

    here: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def come(self, count: int) -> None:
        """Until so many more have come."""
        async with asyncio.timeout(20):
            for _ in range(count):
                await self.here.get()

    async def pass_through(self, note_id: str, call: Call) -> None:
        with call.resting() if note_id.startswith("resting") else nullcontext():
            self.here.put_nowait(note_id)
            await self.open.wait()


def notes(database_url: str, turnstile: Turnstile | None = None) -> APIRouter:
    router = APIRouter(prefix="/v1/notes")
    written = {"count": 0}

    @router.post("")
    async def write(request: Request) -> Response:
        call = call_of(request.scope)
        if call.given_before:
            return sent(call.given_before.answer)
        written["count"] += 1
        if turnstile and call.query.get("mode") == "held":
            await turnstile.pass_through("held", call)
        answer = Answer(200, JSON, orjson.dumps({"text": call.body["text"], "count": written["count"]}))
        assert call.check_answer is not None
        call.check_answer(answer.status, answer.headers, answer.body)
        call.effect = "unknown"
        if call.query.get("mode") == "fails_meanwhile":
            raise RuntimeError(CANARY)
        await commit(database_url, call, answer)
        call.effect = "applied"
        if call.query.get("mode") == "fails_after":
            raise RuntimeError(CANARY)
        return sent(answer)

    @router.get("/{note_id}")
    async def read(request: Request, note_id: str) -> Response:
        if misdeed := _MISDEEDS.get(note_id):
            raise misdeed
        if note_id == "hangs":
            await asyncio.Event().wait()
        if turnstile and note_id.startswith(("held", "resting")):
            await turnstile.pass_through(note_id, call_of(request.scope))
        body = {"text": note_id} if note_id != "broken" else {"text": CANARY, "secret": CANARY}
        return Response(orjson.dumps(body), headers=JSON)

    return router


def sent(answer: Answer) -> Response:
    replayed = {"idempotent-replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, headers={**answer.headers, **replayed})


async def commit(database_url: str, call: Call, answer: Answer) -> None:
    database = Database(database_url, connections=2, name="notes")
    await database.open()
    try:
        async with database.connection() as connection:
            await keep(connection, call, "note", answer)
    finally:
        await database.close()


_MISDEEDS: dict[str, Exception] = {
    "crash": RuntimeError(CANARY),
    "absent": NotFound("there is no such note"),
    "http404": HTTPException(404, CANARY),
    "http418": HTTPException(418, CANARY),
    "away": Unavailable("the database is away", effect="none", server=CANARY),
    "rejected": Rejected("the warehouse said no", backend_text=CANARY),
    "conflict": Conflict("it differs", faults=(Fault("#/text", "differs", "is another"),), known_text="facts go out"),
}
