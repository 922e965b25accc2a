"""What a run does without calling anybody: steps of our own, waits, turns and ends, in the journal's transaction."""

from datetime import timedelta

import structlog

from gateway.domain.time import rfc3339
from gateway.store import signals
from gateway.store.pool import Connection
from gateway.workflows import engine
from gateway.workflows.held import Held
from gateway.workflows.moves import Finish, Next, Park, Pass, RunLocal, Sleep, Take, Tend, Turn, Wait
from gateway.workflows.plan import undo_of
from gateway.workflows.saga import Around, Assent, Branches, Moved, Pivot, Refusal
from gateway.workflows.tools import Tools

log = structlog.get_logger("workflows")


class Acts:
    """Of one run, for as long as it is held."""

    def __init__(self, run: Held, tools: Tools) -> None:
        self.run, self.tools = run, tools

    async def act(self, connection: Connection, following: Next) -> bool:
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
                await engine.sleep_until(connection, self.run.lease, following.until)
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
        await signals.take(connection, self.run.lease.run_id, pivot.signal, now=self.tools.clock())
        await self.run.locally(connection, pivot.name)

    async def _tend(self, connection: Connection, step: Branches) -> bool:
        """True: the run waits for what goes on below it."""
        now, stop = self.tools.clock(), await self.run.stop_wished(connection)
        around = Around(now, self.run.trace_id, self.run.traceparent, stop)
        tended = await step.tend(connection, self.run.case, around)
        if tended.answered is not None:
            await self.move(connection, self.run.saga.resumed, cancel_outcome=tended.answered)
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
            await self.move(connection, self.run.saga.resumed, cancel_outcome="too_late")

    async def _catch_up(self, connection: Connection) -> None:
        """A step that was settled on the way back and stays done has earned its status after all."""
        earned = self.run.implied_status()
        if earned is not None and await self.run.status(connection) != earned:
            await self.move(connection, earned)

    async def _wait(self, connection: Connection, wait: Wait) -> None:
        if await self.run.expect(connection, wait.step) and isinstance(wait.step, Assent) and wait.step.customer:
            await self.ask(connection, wait.step)
        await self.run.stands(connection, "waiting")
        if not await engine.wait(connection, self.run.lease, self.run.wakes, wait.seconds):
            # somebody woke us while we were at work; the next claim has a new number to be woken by
            await engine.sleep_until(connection, self.run.lease, self.run.now())

    async def ask(self, connection: Connection, step: Assent | None) -> None:
        """Tell whose resource it is what has to be done by whom; None: that it has been."""
        action = None
        if step is not None:
            until = self.tools.clock() + timedelta(seconds=step.patience)
            url = self.run.effects[step.of].action or ""
            action = {"type": "redirect", "url": url, "expires_at": rfc3339(until)}
        moved = Moved(self.tools.clock(), self.run.trace_id, self.tools.mint("evt"))
        await self.run.saga.subject.ask(connection, self.run.lease.run_id, action, moved)

    async def _park(self, connection: Connection, park: Park) -> None:
        cause = {"code": park.code, "step": park.step, "detail": park.detail}
        by_hand = self.run.saga.by_hand(park.step, self.run.lease.run_id)
        await self.run.stands(connection, "parked", cause={**cause, "by_hand": by_hand} if by_hand else cause)
        await engine.end(connection, self.run.lease, "parked")
        self.tools.metrics.parked(park.code)
        log.warning("parked", run_id=self.run.lease.run_id, trace_id=self.run.trace_id, **cause)

    async def _finish(self, connection: Connection, finish: Finish) -> None:
        status, reason, cancel_outcome = self.run.saga.done, None, None
        if finish.direction == "forward":
            await self._too_late(connection)
        elif await self.run.stop_wished(connection):
            status, cancel_outcome = self.run.saga.stopped, "cancelled"
        else:
            status, reason = self.run.saga.undone, self.run.reason
        await self.move(connection, status, reason=reason, cancel_outcome=cancel_outcome)
        left = finish.direction == "backward" and await self.run.signal(connection) is not None
        await self.run.ends(connection, status, although_it_came=left)
        await engine.end(connection, self.run.lease, status)
        self.tools.metrics.ended(self.run.saga.name, "parked" if left else status)
        log.info("ended", run_id=self.run.lease.run_id, outcome=status, parked=left, trace_id=self.run.trace_id)

    async def move(
        self, connection: Connection, status: str, *, reason: Refusal | None = None, cancel_outcome: str | None = None
    ) -> None:
        refs = {f"{name}.{effect.kind}": self.run.case.done(name).id for name, effect in self.run.effects.items()}
        moved = Moved(self.tools.clock(), self.run.trace_id, self.tools.mint("evt"), refs, reason, cancel_outcome)
        await self.run.move(connection, status, moved)
