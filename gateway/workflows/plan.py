"""What a run does next: one pure function of its saga and its journal. No clock, no network, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from gateway.ports import Effect, Manifest, Promise, RetryClass
from gateway.promises import Replays
from gateway.workflows.moves import (
    Direction,
    Finish,
    Next,
    Park,
    Pass,
    RunLocal,
    Send,
    Take,
    Tend,
    Turn,
    Wait,
)
from gateway.workflows.saga import AnyStep, Assent, Branches, Gate, Local, Pivot, Refusal, Saga, Step

NOT_UNDONE = (Assent, Gate, Branches, Pivot)
State = Literal["intended", "succeeded", "rejected", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the journal: what was intended under which key, and how far it got."""

    name: str
    state: State
    key: str
    tries: int
    begun_at: datetime
    send_by: datetime | None = None  # of the last call that could have an effect
    doubt: datetime | None = None  # `send_by` of the last such call that may have landed unseen; None: there is none
    effect: Effect | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the next decision depends on."""

    records: Mapping[str, Record]
    direction: Direction
    now: datetime  # the database's clock
    stop_wished: bool = False  # somebody asked to stop, and nobody has said it is too late
    signalled: bool = False  # the awaited signal has come
    hindered: int = 0  # seconds for which something of ours may stand against going on through the gate it is at
    woken: bool = False  # the run has just been taken up, so waits are over
    given: Mapping[str, Effect] = field(default_factory=dict)  # by steps of the run above
    instead: Mapping[str, Effect] = field(default_factory=dict)  # what has taken the place of a step's effect


def plan(saga: Saga, situation: Situation, manifests: Mapping[str, Manifest]) -> Next:
    """The next thing to do. Forward: the first step that is not done. Backward: the first on the way
    back that is not undone."""
    if situation.direction == "forward":
        return _forward(saga, situation, manifests)
    return _backward(saga, situation, manifests)


def undo_of(name: str) -> str:
    return f"undo:{name}"


def _forward(saga: Saga, now: Situation, manifests: Mapping[str, Manifest]) -> Next:
    pivot_passed = saga.forward_only
    for step in saga.steps:
        record = now.records.get(step.name)
        if record is not None and record.state == "succeeded":
            pivot_passed = pivot_passed or isinstance(step, Branches | Pivot)
            continue
        if _left_out(step, now):
            continue
        if isinstance(step, Pivot):
            return _await(step, record, now)
        if isinstance(step, Branches):
            return Tend(step)
        if isinstance(step, Gate):
            return _at_gate(step, now)
        if record is not None and record.state == "rejected":
            return _refused(step, record, now, pivot_passed=pivot_passed)
        if isinstance(step, Assent):
            return _await_assent(step, record, now)
        if record is None or record.state == "failed":
            if now.stop_wished and not pivot_passed:
                return Turn("backward", None)
            if isinstance(step, Local):
                return RunLocal(step, undo=False)
        assert isinstance(step, Step)
        promise = manifests[step.system][step.operation]
        return _call(_do(step, now), record, promise, now, absence_matters=False)
    return Finish("forward")


def _refused(step: AnyStep, record: Record, now: Situation, *, pivot_passed: bool) -> Next:
    if pivot_passed:
        return Park("refused_after_pivot", step.name, f"{step.name} was refused, and there is no way back")
    if isinstance(step, Step) and step.mended and not now.stop_wished:
        return Park("refused", step.name, f"{step.name} was refused; mend what it hangs on, or give it up")
    return Turn("backward", record.refusal)


def _backward(saga: Saga, now: Situation, manifests: Mapping[str, Manifest]) -> Next:
    for step in _way_back(saga.steps):
        done, undone = now.records.get(step.name), now.records.get(undo_of(step.name))
        if isinstance(step, NOT_UNDONE) or done is None or done.state in ("rejected", "failed"):
            continue
        if undone is not None and undone.state == "succeeded":
            continue
        if isinstance(step, Local):
            return RunLocal(step, undo=True)
        if done.state != "succeeded":  # what may have happened is settled before it is undone
            promise = manifests[step.system][step.operation]
            return _call(_do(step, now), done, promise, now, absence_matters=True)
        if step.undo is None or done.effect is None:
            return Park("cannot_be_undone", step.name, f"{step.name} has no undo")
        if undone is not None and undone.state == "rejected":
            if step.undo_may_be_refused:
                return Turn("forward", None)
            return Park("undo_refused", step.name, f"{step.system} refused to undo {step.name}")
        promise = manifests[step.system][step.undo_operation]
        subject = now.instead.get(step.name, done.effect).id
        send = Send(step, "undo", undo_of(step.name), step.undo_operation, subject=subject)
        return _call(send, undone, promise, now, absence_matters=False)
    return Finish("backward")


@cache
def _way_back(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """In which order they are undone: the last one first, but for those that say otherwise."""
    later = [step for step in steps if isinstance(step, Step) and step.undone_after]
    back = [step for step in reversed(steps) if step not in later]
    for step in later:
        back.insert(1 + next(at for at, each in enumerate(back) if each.name == step.undone_after), step)
    return tuple(back)


def _do(step: Step, now: Situation) -> Send:
    """A step that goes on from another's effect can be asked after by that effect."""
    before = now.records.get(step.about)
    effect = before.effect if before is not None else now.given.get(step.about)
    effect = now.instead.get(step.about, effect)
    subject = effect.id if effect is not None else None
    return Send(step, "do", step.name, step.operation, subject=subject)


def _await(step: Pivot, record: Record | None, now: Situation) -> Next:
    if now.signalled:
        return Take(step)
    if now.stop_wished:
        return Turn("backward", None)
    if record is not None and now.woken:
        return Send(step, "look", step.name, "look")
    tries = record.tries if record else 0
    seconds = min(step.first_look * 2**tries, step.last_look)
    if not step.patience:
        return Wait(step, seconds)
    left = step.patience - int((now.now - record.begun_at).total_seconds()) if record else step.patience
    return Wait(step, max(1, min(seconds, left))) if left > 0 else Turn("backward", step.expired)


def _at_gate(step: Gate, now: Situation) -> Next:
    if now.stop_wished:
        return Turn("backward", None)
    return Wait(step, now.hindered) if now.hindered else Pass(step)


def _left_out(step: AnyStep, now: Situation) -> bool:
    """Nobody's assent is needed, or what the step is there for is not so."""
    if isinstance(step, Assent):
        before = now.records.get(step.of)
        return step.customer and (before is None or before.effect is None or not before.effect.pending)
    if not isinstance(step, Step) or not step.only_if:
        return False
    name, fact = step.only_if.split(".")
    before = now.records.get(name)
    return before is None or before.effect is None or fact not in before.effect.facts


def _await_assent(step: Assent, record: Record | None, now: Situation) -> Next:
    if now.stop_wished:
        return Turn("backward", None)
    if record is None:
        return Wait(step, step.first_look)
    if now.woken:
        return Send(step, "look", step.name, "look")
    left = step.patience - int((now.now - record.begun_at).total_seconds())
    return Wait(step, max(1, min(step.first_look * 2**record.tries, step.last_look, left)))


def _call(send: Send, record: Record | None, promise: Promise, now: Situation, *, absence_matters: bool) -> Next:
    """Send, or gather evidence first. What has an open or unclear attempt is settled, never guessed."""
    if record is None:
        return send
    if now.now > record.begun_at + timedelta(seconds=promise.deadline):
        return Park("deadline_passed", send.record, f"{send.operation} was not done within {promise.deadline:.0f} s")
    if record.state == "failed":
        return send
    if may_go_on_at_once(record, promise, now.now) and not absence_matters:
        return send
    if not promise.can_be_asked or (promise.found_by == ("subject",) and send.subject is None):
        return Park("outcome_unknown", send.record, f"{send.operation} may have happened; its back end cannot be asked")
    return Send(send.step, "find", send.record, send.operation, subject=send.subject)


def absence_counts_from(record: Record, promise: Promise) -> datetime:
    """From this moment on, finding nothing proves that nothing happened and nothing will."""
    latest = record.doubt or record.send_by
    assert latest is not None, "an intent always says until when it may be sent"
    return latest + timedelta(seconds=promise.settle + promise.lag)


def may_repeat_at_once(record: Record, promise: Promise, now: datetime) -> bool:
    """The back end itself tells a repeated key from a new one, for as long as it remembers keys."""
    if promise.retry_class is RetryClass.NATURAL:
        return True
    if promise.retry_class is not RetryClass.KEYED:
        return False
    return promise.window is None or now < record.begun_at + timedelta(seconds=promise.window)


def may_go_on_at_once(record: Record, promise: Promise, now: datetime) -> bool:
    """A repeat does no harm and its answer says what is so: nothing has to be asked before."""
    if promise.retry_class is RetryClass.NATURAL:
        return True
    return promise.replays is Replays.SUCCESS and may_repeat_at_once(record, promise, now)
