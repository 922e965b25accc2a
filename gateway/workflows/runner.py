"""
Performs one run while this worker holds its lease.

Plan, write the intent, commit, send, write the outcome with the next intent, commit: the outcome of one call and the
intent of the next are one transaction, behind the fence. Whatever dies in between leaves an intent without an outcome,
which whoever takes the run over settles by evidence.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any

import structlog

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock, rfc3339
from gateway.ports import BackEnds, Manifest
from gateway.store import signals
from gateway.store.change_feeds import Books, counts_only
from gateway.store.journal import Lease
from gateway.store.pool import Connection, Database
from gateway.workflows import calls, engine
from gateway.workflows.calls import Call, Outcome
from gateway.workflows.held import Held
from gateway.workflows.plan import (
    Finish,
    Next,
    Park,
    Pass,
    RunLocal,
    Send,
    Sleep,
    Take,
    Tend,
    Turn,
    Wait,
    plan,
    undo_of,
)
from gateway.workflows.saga import Around, Assent, Branches, Moved, Pivot, Refusal, Saga, Step
from observability import tracing
from observability.metrics import WorkerMetrics

log = structlog.get_logger("workflows")

MOST_TURNS = 32  # things done in one transaction: more local steps, waits and turns than any saga has


@dataclass(frozen=True, slots=True)
class Tools:
    """What every performance needs, put together once."""

    database: Database
    back_ends: BackEnds
    clock: Clock
    mint: Mint
    dice: Callable[[], float] = random.random
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    books: Books = counts_only

    def manifests(self) -> Mapping[str, Manifest]:
        """What each back end promises, by its name in the steps."""
        return {name: port.manifest for name, port in self.back_ends.present.items()}


class Performance:
    """One run, from being claimed to being put down again."""

    def __init__(self, lease: Lease, saga: Saga, tools: Tools) -> None:
        self.lease, self.saga, self.tools = lease, saga, tools
        self.manifests = tools.manifests()
        self.run = Held(lease, saga, self.manifests)

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
                if await self._act(connection, following):
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
        if isinstance(send.step, Assent) and settled.fact is not None:
            await self._answered(connection, send.step, settled.fact)
        if isinstance(send.step, Pivot) and send.step.meanwhile is not None:
            await send.step.meanwhile(connection, self.run.case, self.tools.clock())
        if settled.state == "succeeded":
            await self.run.noted(connection, send, settled.effect)
        status = self._status_after(send) if settled.state == "succeeded" else None
        if status is not None and not await self.run.stop_wished(connection):  # a wish to stop keeps its own status
            await self._move(connection, status)
        return settled.following

    async def _answered(self, connection: Connection, step: Assent, fact: Mapping[str, Any]) -> None:
        if step.customer:
            await self._ask(connection, None)
        if step.on is not None:
            await step.on(connection, self.run.case, fact)

    def _status_after(self, send: Send) -> str | None:
        """The resource's status once the step has succeeded on the way forward; undos and waits have none."""
        step = send.step
        if self.run.direction == "backward" or not isinstance(step, Step | Assent) or send.record != step.name:
            return None
        return step.then

    async def _act(self, connection: Connection, following: Next) -> bool:
        """Do what needs no call. True: the run has been put down."""
        match following:
            case RunLocal():
                await self._locally(connection, following)
            case Take():
                await self._take(connection, following.step)
            case Pass():
                await self.run.locally(connection, following.step.name)
            case Tend():
                return await self._tend(connection, following.step)
            case Turn():
                await self._turn(connection, following)
            case Sleep():
                await engine.sleep_until(connection, self.lease, following.until)
                return True
            case Wait():
                await self._wait(connection, following)
                return True
            case Park():
                await self._park(connection, following)
                return True
            case Finish():
                await self._finish(connection, following)
                return True
        return False

    async def _locally(self, connection: Connection, following: RunLocal) -> None:
        step, now = following.step, self.tools.clock()
        if following.undo:
            await step.undo(connection, self.run.case, now)
            await self.run.locally(connection, undo_of(step.name))
        else:
            await self.run.locally(connection, step.name, await step.do(connection, self.run.case, now))

    async def _take(self, connection: Connection, pivot: Pivot) -> None:
        """The awaited fact has come: from here on there is no way back, and a wish to stop is too late."""
        told = await self.run.signal(connection)
        assert told is not None, "the plan takes only what has come"
        await self._too_late(connection)
        await pivot.on(connection, self.run.case, told.data)
        await signals.take(connection, self.lease.run_id, pivot.signal, now=self.tools.clock())
        await self.run.locally(connection, pivot.name)

    async def _tend(self, connection: Connection, step: Branches) -> bool:
        """True: the run waits for what goes on below it."""
        now, stop = self.tools.clock(), await self.run.stop_wished(connection)
        around = Around(now, self.run.trace_id, self.run.traceparent, stop)
        tended = await step.tend(connection, self.run.case, around)
        if tended.answered is not None:
            await self._move(connection, self.saga.resumed, cancel_outcome=tended.answered)
        if tended.nothing_left:
            await self._turn(connection, Turn("backward", tended.reason))
        elif tended.effect is not None:
            await self.run.locally(connection, step.name, tended.effect)
        else:
            await self._wait(connection, Wait(step, tended.again))
            return True
        return False

    async def _turn(self, connection: Connection, turn: Turn) -> None:
        if turn.direction == "forward":
            await self._too_late(connection)
            await self._catch_up(connection)
        self.run.direction, self.run.reason = turn.direction, turn.cause
        await self.run.stands(connection, "running")

    async def _too_late(self, connection: Connection) -> None:
        if await self.run.stop_wished(connection):
            await self._move(connection, self.saga.resumed, cancel_outcome="too_late")

    async def _catch_up(self, connection: Connection) -> None:
        """A step that was settled on the way back and stays done has earned its status after all."""
        earned = self.run.implied_status()
        if earned is not None and await self.run.status(connection) != earned:
            await self._move(connection, earned)

    async def _wait(self, connection: Connection, wait: Wait) -> None:
        if await self.run.expect(connection, wait.step) and isinstance(wait.step, Assent) and wait.step.customer:
            await self._ask(connection, wait.step)
        await self.run.stands(connection, "waiting")
        if not await engine.wait(connection, self.lease, self.run.wakes, wait.seconds):
            # somebody woke us while we were at work; the next claim has a new number to be woken by
            await engine.sleep_until(connection, self.lease, self.run.now())

    async def _ask(self, connection: Connection, step: Assent | None) -> None:
        """Tell whose resource it is what has to be done by whom; None: that it has been."""
        action = None
        if step is not None:
            until = self.tools.clock() + timedelta(seconds=step.patience)
            url = self.run.effects[step.of].action or ""
            action = {"type": "redirect", "url": url, "expires_at": rfc3339(until)}
        moved = Moved(self.tools.clock(), self.run.trace_id, self.tools.mint("evt"))
        await self.saga.subject.ask(connection, self.lease.run_id, action, moved)

    async def _park(self, connection: Connection, park: Park) -> None:
        cause = {"code": park.code, "step": park.step, "detail": park.detail}
        await self.run.stands(connection, "parked", cause=cause)
        await engine.end(connection, self.lease, "parked")
        self.tools.metrics.parked(park.code)
        log.warning("parked", run_id=self.lease.run_id, trace_id=self.run.trace_id, **cause)

    async def _finish(self, connection: Connection, finish: Finish) -> None:
        status, reason, cancel_outcome = self.saga.done, None, None
        if finish.direction == "forward":
            await self._too_late(connection)
        elif await self.run.stop_wished(connection):
            status, cancel_outcome = self.saga.stopped, "cancelled"
        else:
            status, reason = self.saga.undone, self.run.reason
        await self._move(connection, status, reason=reason, cancel_outcome=cancel_outcome)
        left = finish.direction == "backward" and await self.run.signal(connection) is not None
        await self.run.ends(connection, status, although_it_came=left)
        await engine.end(connection, self.lease, status)
        self.tools.metrics.ended("parked" if left else status)
        log.info("ended", run_id=self.lease.run_id, outcome=status, parked=left, trace_id=self.run.trace_id)

    async def _move(
        self, connection: Connection, status: str, *, reason: Refusal | None = None, cancel_outcome: str | None = None
    ) -> None:
        refs = {f"{name}.{effect.kind}": effect.id for name, effect in self.run.effects.items()}
        moved = Moved(self.tools.clock(), self.run.trace_id, self.tools.mint("evt"), refs, reason, cancel_outcome)
        await self.run.move(connection, status, moved)
