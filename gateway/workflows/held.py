"""A run while a worker holds it: its journal in memory, true for as long as the fence lets its writes pass."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, cast

from gateway.ports import Effect, Manifest
from gateway.store import journal, signals
from gateway.store.journal import Ending, Intent, Lease, LocalEnding, Standing
from gateway.store.pool import Connection
from gateway.workflows.calls import Call, Outcome
from gateway.workflows.moves import Direction, Park, Send
from gateway.workflows.outcomes import Circumstances, Settled, effect_of, effect_row, refusal_of, settle
from gateway.workflows.plan import Record, Situation, State
from gateway.workflows.saga import AnyStep, Assent, Branches, Case, Gate, Moved, Pivot, Refusal, Saga, Step
from observability import tracing

LOOKING = 2.0  # seconds from the intent's commit, where nothing is promised about when a call is sent


class Held:
    """What is known of the run. Changes only inside a fenced transaction; dropped whole when one fails."""

    def __init__(self, lease: Lease, saga: Saga, manifests: Mapping[str, Manifest]) -> None:
        self.lease, self.saga, self.manifests = lease, saga, manifests
        self.pivot = next((step for step in saga.steps if isinstance(step, Branches | Pivot)), None)
        self.epoch = 0  # until it is opened: no row has it
        self.wakes = 0
        self.direction: Direction = "forward"
        self.reason: Refusal | None = None
        self.records: dict[str, Record] = {}
        self.effects: dict[str, Effect] = {}
        self.woken = True
        self.shape = saga.shape
        self._status: str | None = None  # asked once a transaction: the row stays locked
        self.traceparent: str | None = None
        self.trace_id = tracing.trace_id_of(None)
        self.case: Case
        self._time: tuple[datetime, float]

    async def open(self, connection: Connection) -> None:
        """The first transaction's first statement: the run is ours from now on, or the whole of it is refused."""
        row = await journal.open_run(connection, self.lease, self.saga.shape)
        self.epoch, self.wakes, self.traceparent = row.epoch, row.wakes, row.traceparent
        self.shape = row.shape
        self.direction = cast_direction(row.direction)
        self.reason = refusal_of(row.reason)
        self.trace_id = tracing.trace_id_of(row.traceparent)
        self._time = (row.now, monotonic())
        for step in await journal.history(connection, self.lease.run_id):
            effect = effect_of(step.effect, step.operation_key)
            self.records[step.name] = Record(
                step.name,
                cast_state(step.state),
                step.operation_key,
                step.tries,
                step.begun_at,
                step.send_by,
                None if step.state == "failed" else step.doubt,
                effect,
                refusal_of(step.detail),
            )
            if effect is not None and step.state == "succeeded":
                self.effects[step.name] = effect
        await self._load(connection, row.now)

    async def _load(self, connection: Connection, now: datetime) -> None:
        case = await self.saga.subject.load(connection, self.lease.run_id)
        self.case = replace(case, effects=self.effects, now=now)

    def stranger(self) -> Park | None:
        """The run began with other steps than this build has under the same name and version: their records would be
        read for what they are not, so a person decides."""
        if self.shape == self.saga.shape:
            return None
        step = next(reversed(self.records), self.saga.steps[0].name)
        return Park("saga_changed", step, f"{self.saga.task} was {self.shape}, and is {self.saga.shape} in this build")

    def now(self) -> datetime:
        """The database's clock, carried on by our monotonic one."""
        at, then = self._time
        return at + timedelta(seconds=monotonic() - then)

    def done(self, name: str) -> bool:
        return name in self.records and self.records[name].state == "succeeded"

    async def situation(self, connection: Connection) -> Situation:
        """Asks the database only for what can still turn the run: a wish to stop, and the awaited signal."""
        ahead = self.direction == "forward" and self.pivot is not None and not self.done(self.pivot.name)
        stop = ahead and await self.stop_wished(connection)
        at = self._ahead_of() if ahead or self.saga.forward_only else None
        signalled = isinstance(at, Pivot) and await self.signal(connection) is not None
        hindered = await at.hindered(connection, self.case) if isinstance(at, Gate) else 0
        return Situation(
            *(self.records, self.direction, self.now(), stop, signalled, hindered, self.woken, self.case.given),
            instead=self.case.instead,
        )

    async def status(self, connection: Connection) -> str:
        """Where the resource stands; nobody else can move it until we commit."""
        if self._status is None:
            self._status = await self.saga.subject.status(connection, self.lease.run_id)
        return self._status

    async def noted(self, connection: Connection, send: Send, effect: Effect | None) -> None:
        """Our own ledgers learn of a step's success, or of its undo's, in the commit that records it."""
        step = send.step
        note = getattr(step, "note" if send.record == step.name else "note_undo", None)
        told = self.effects[step.of] if isinstance(step, Assent) else effect
        if note is not None and told is not None:
            await note(connection, self.case, told)

    async def looked(
        self, connection: Connection, step: AnyStep, fact: Mapping[str, Any] | None, *, now: datetime
    ) -> None:
        """What follows in our own database from an answer that came, and from every look for what was not there yet."""
        if isinstance(step, Assent) and step.on is not None and fact is not None:
            await step.on(connection, self.case, fact)
            await self._load(connection, self.case.now)  # what was found may be less than what was asked for
        if isinstance(step, Pivot) and step.meanwhile is not None:
            await step.meanwhile(connection, self.case, now)

    async def stop_wished(self, connection: Connection) -> bool:
        """Has somebody asked to stop, and not been told that it is too late?"""
        return await self.status(connection) == self.saga.wished

    async def move(self, connection: Connection, status: str, moved: Moved) -> None:
        await self.saga.subject.move(connection, self.lease.run_id, status, moved)
        self._status = status

    def implied_status(self) -> str | None:
        """The status that the steps done so far have earned."""
        earned = [
            step.then
            for step in self.saga.steps
            if isinstance(step, Step | Assent) and step.then and self.done(step.name)
        ]
        return earned[-1] if earned else None

    def _ahead_of(self) -> AnyStep | None:
        """The first step that is not done, but for assents, which may not be needed."""
        ahead = (step for step in self.saga.steps if not self.done(step.name))
        return next((step for step in ahead if not (isinstance(step, Assent) and step.customer)), None)

    async def signal(self, connection: Connection) -> signals.Signal | None:
        if not isinstance(self.pivot, Pivot):
            return None
        return await signals.untaken(connection, self.lease.run_id, self.pivot.signal)

    async def intend(self, connection: Connection, send: Send, begun: datetime) -> Call:
        """Write down what is about to be sent; *begun* is our own clock before the transaction."""
        fresh = send.step.fresh if isinstance(send.step, Step) and send.call == "do" else None
        if fresh is not None:
            self.case = await fresh(connection, self.case)
        record = self.records.get(send.record) or Record(send.record, "intended", self._key(send), 0, self.now())
        promise = self.manifests[send.step.system].get(send.operation)
        window = promise.sending if promise else LOOKING
        intent = Intent(send.record, record.tries + 1, send.call, send.step.system, send.operation, record.key, window)
        send_by = await journal.intend(connection, self.lease, self.epoch, intent)
        changed = replace(record, tries=intent.number)
        if send.call != "find":
            changed = replace(changed, state="intended", send_by=send_by)
        self.records[send.record] = changed
        return Call(send, intent, begun + timedelta(seconds=window))

    def _key(self, send: Send) -> str:
        """One key per effect, the same at every try; an undo's names the effect's."""
        name = f"{self.lease.run_id}:{send.step.name}"
        return f"{name}:undo" if send.call == "undo" else name

    async def ended(self, connection: Connection, outcome: Outcome, dice: float) -> Settled:
        """A later transaction's first statement: ours still, how the call ended, what that means for its record."""
        self._status = None
        send, intent = outcome.call.send, outcome.call.intent
        record = self.records[intent.record]
        undone_next = self.direction == "backward" and intent.record == send.step.name
        promise = self.manifests[intent.system].get(intent.operation)
        settled = settle(outcome, record, promise, Circumstances(self.now(), dice, undone_next, self.woken))
        effect, refusal = effect_row(settled.effect), settled.refusal.told if settled.refusal else None
        ending = Ending(outcome.kind, outcome.told(), settled.state, effect, refusal)
        await journal.end_call(connection, self.lease, self.epoch, intent, ending)
        self.woken = False
        if settled.state is not None:
            changed = replace(record, state=settled.state, effect=settled.effect, refusal=settled.refusal)
            self.records[record.name] = replace(changed, doubt=_doubt(outcome, changed))
        if settled.state == "succeeded" and settled.effect is not None:
            self.effects[record.name] = settled.effect
        return settled

    async def stands(
        self, connection: Connection, state: str, *, cause: Mapping[str, str] | None = None, outcome: str | None = None
    ) -> None:
        """Write down how the run stands as a whole."""
        standing = Standing(self.direction, self.reason.told if self.reason else None, cause, outcome)
        await journal.set_run(connection, self.lease.run_id, state, standing)

    async def ends(self, connection: Connection, outcome: str, *, although_it_came: bool) -> None:
        """The run is over. What came although everything was undone is nobody's plan: an operator must see it."""
        if not although_it_came or not isinstance(self.pivot, Pivot):
            await self.stands(connection, "ended", outcome=outcome)
            return
        detail = f"the {self.pivot.signal} signal came for what had ended as {outcome}"
        cause = {"code": f"{self.pivot.signal}_after_{outcome}", "step": self.pivot.name, "detail": detail}
        await self.stands(connection, "parked", cause=cause, outcome=outcome)

    async def expect(self, connection: Connection, step: Assent | Gate | Branches | Pivot) -> bool:
        """The wait stands in the journal, so that whoever is woken knows that it is over. False: it stood there."""
        if step.name in self.records:
            return False
        await journal.record_wait(connection, self.lease, self.epoch, step.name, step.system)
        self.records[step.name] = Record(step.name, "intended", f"{self.lease.run_id}:{step.name}", 0, self.now())
        return True

    async def locally(self, connection: Connection, name: str, came: Refusal | Effect | None = None) -> None:
        """A step of our own database has been done in this very transaction."""
        refusal, effect = (came, None) if isinstance(came, Refusal) else (None, came)
        ended = LocalEnding(refusal.told if refusal else None, effect_row(effect))
        await journal.record_local(connection, self.lease, self.epoch, name, ended)
        state: State = "rejected" if refusal else "succeeded"
        key = f"{self.lease.run_id}:{name}"
        self.records[name] = Record(name, state, key, 1, self.now(), effect=effect, refusal=refusal)
        if effect is not None:
            self.effects[name] = effect


def _doubt(outcome: Outcome, record: Record) -> datetime | None:
    """Until when a call of the record that nobody has seen land may still be sent, if there is such a call."""
    if record.state == "failed":
        return None
    return record.send_by if outcome.kind == "unknown" and outcome.call.send.call in ("do", "undo") else record.doubt


def cast_direction(text: str) -> Direction:
    return "backward" if text == "backward" else "forward"


def cast_state(text: str) -> State:
    return cast("State", text)
