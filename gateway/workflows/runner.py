"""
Performs one run while this worker holds its lease.

Plan, write the intent, commit, send, write the outcome with the next intent, commit: the outcome of one call and the
intent of the next are one transaction, behind the fence. Whatever dies in between leaves an intent without an outcome,
which whoever takes the run over settles by evidence.
"""

from collections.abc import Callable
from time import perf_counter

import structlog

from gateway.store import signals
from gateway.store.journal import Lease
from gateway.store.pool import Connection
from gateway.workflows import calls
from gateway.workflows.acts import Acts
from gateway.workflows.calls import Call, Outcome
from gateway.workflows.held import Held
from gateway.workflows.moves import Next, Send, Sleep
from gateway.workflows.plan import plan
from gateway.workflows.saga import Assent, Pivot, Saga, Step
from gateway.workflows.tools import Tools
from observability import tracing

log = structlog.get_logger("workflows")

MOST_TURNS = 32  # things done in one transaction: more local steps, waits and turns than any saga has


class Performance:
    """One run, from being claimed to being put down again."""

    def __init__(self, lease: Lease, saga: Saga, tools: Tools) -> None:
        self.lease, self.saga, self.tools = lease, saga, tools
        self.manifests = tools.manifests()
        self.run = Held(lease, saga, self.manifests)
        self.acts = Acts(self.run, tools)

    async def perform(self, *, stopping: Callable[[], bool] = lambda: False) -> None:
        """Go on until the run waits, sleeps, parks or ends; once *stopping*, put it down before the next intent."""
        call = await self._advance(None, stopping)
        while call is not None:
            intent = call.intent
            with tracing.span(f"{intent.system} {intent.operation}", parent=self.run.traceparent):
                outcome = await self._made(call)
            log.info(
                "call",
                run_id=self.lease.run_id,
                step=intent.record,
                call=intent.call,
                number=intent.number,
                outcome=outcome.kind,
                code=outcome.code or None,
                trace_id=self.run.trace_id,
            )
            call = await self._advance(outcome, stopping)

    async def _made(self, call: Call) -> Outcome:
        begun, intent = perf_counter(), call.intent
        outcome = await calls.make(call, self.run.case, self.tools.back_ends)
        seconds = perf_counter() - begun
        self.tools.metrics.called(
            intent.system, intent.operation, call=intent.call, outcome=outcome.kind, seconds=seconds
        )
        return outcome

    async def _advance(self, outcome: Outcome | None, stopping: Callable[[], bool]) -> Call | None:
        """One transaction: the outcome so far, all that our own database can do, and the next intent or the end."""
        begun = self.tools.clock()
        async with self.tools.database.transaction() as connection:
            following: Next | None = None
            if outcome is None:
                await self.run.open(connection)
                following = self.run.stranger()
            else:
                following = await self._ended(connection, outcome)
            for _ in range(MOST_TURNS):
                following = following or plan(self.saga, await self.run.situation(connection), self.manifests)
                if isinstance(following, Send):
                    if not stopping():
                        return await self.run.intend(connection, following, begun)
                    following = Sleep(self.run.now())
                if await self.acts.act(connection, following):
                    return None
                following = None
        raise AssertionError(f"{self.lease.run_id} turns in circles; a plan must lead somewhere")

    async def _ended(self, connection: Connection, outcome: Outcome) -> Next | None:
        settled = await self.run.ended(connection, outcome, self.tools.dice())
        send = outcome.call.send
        if settled.fact is not None and isinstance(send.step, Pivot):
            told = signals.Signal(
                f"look:{outcome.call.intent.key}", self.lease.run_id, send.step.signal, "look", settled.fact
            )
            await signals.signal(connection, told, now=self.tools.clock(), trace_id=self.run.trace_id)
        if isinstance(send.step, Assent) and send.step.customer and settled.fact is not None:
            await self.acts.ask(connection, None)
        await self.run.looked(connection, send.step, settled.fact, now=self.tools.clock())
        if settled.state == "succeeded":
            await self.run.noted(connection, send, settled.effect)
        status = self._status_after(send) if settled.state == "succeeded" else None
        if status is not None and not await self.run.stop_wished(connection):  # a wish to stop keeps its own status
            await self.acts.move(connection, status)
        return settled.following

    def _status_after(self, send: Send) -> str | None:
        """The resource's status once the step has succeeded on the way forward; undos and waits have none."""
        step = send.step
        if self.run.direction == "backward" or not isinstance(step, Step | Assent) or send.record != step.name:
            return None
        return step.then
