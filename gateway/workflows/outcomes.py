"""What an outcome means for its record, by the retry class: a pure function, without clock or dice of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.ports import Effect, Promise
from gateway.workflows.calls import Outcome
from gateway.workflows.moves import CallKind, Next, Park, Sleep
from gateway.workflows.plan import Record, State, absence_counts_from, may_go_on_at_once, may_repeat_at_once
from gateway.workflows.saga import Assent, Refusal, Step

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0  # seconds between tries, doubling


@dataclass(frozen=True, slots=True)
class Settled:
    """The record's new state (None: as it was), and what follows if that is not the plan's to say."""

    state: State | None = None
    effect: Effect | None = None
    refusal: Refusal | None = None
    following: Next | None = None
    fact: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    now: datetime  # the database's clock
    dice: float  # 0..1
    undone_next: bool  # the run goes backward and this effect is only asked after in order to undo it
    rested: bool = True  # the run has just been taken up: it has paused long enough


def settle(outcome: Outcome, record: Record, promise: Promise | None, around: Circumstances) -> Settled:
    """`Rejected` and success are final. What is not known stays unknown until it is found, or its absence counts."""
    pause = Sleep(around.now + timedelta(seconds=pause_after(record.tries, around.dice)))
    match outcome.kind:
        case "succeeded":
            return Settled("succeeded", outcome.effect)
        case "seen":
            return _seen(outcome, record, around)
        case "found":
            assert promise is not None, "only operations of a manifest are asked after"
            return _found(outcome, record, promise, around)
        case "rejected" if outcome.call.send.call in ("do", "undo"):
            return Settled("rejected", refusal=_refusal(outcome))
        case _ if outcome.call.send.call == "find":
            return Settled(following=pause)
        case _ if outcome.call.send.call == "look":
            return Settled()
        case "unknown":
            repeated = promise is not None and may_go_on_at_once(record, promise, around.now)
            return Settled("unknown", following=pause if repeated else None)
        case _:  # this call did not happen; an earlier one may have
            return Settled("unknown" if record.doubt else "failed", following=pause)


def pause_after(tries: int, dice: float) -> float:
    """Full jitter over a doubling pause, never below half of it, so that an outage is not answered with a storm."""
    ceiling: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10))
    return ceiling * (0.5 + dice / 2)


def _seen(outcome: Outcome, record: Record, around: Circumstances) -> Settled:
    seen, step = outcome.seen, outcome.call.send.step
    assert seen is not None, "a look always shows something"
    if seen.trouble is not None:
        return Settled(following=Park(seen.trouble.code, outcome.call.intent.record, seen.trouble.detail))
    if not isinstance(step, Assent):
        return Settled(fact=seen.fact)
    if seen.fact is not None:
        return Settled("succeeded", fact=seen.fact)
    over = around.now >= record.begun_at + timedelta(seconds=step.patience)
    refusal = seen.refusal or (step.expired if over else None)
    return Settled("rejected", refusal=refusal) if refusal else Settled()


def _found(outcome: Outcome, record: Record, promise: Promise, around: Circumstances) -> Settled:
    if len(outcome.found) == 1:
        return Settled("succeeded", outcome.found[0])
    if outcome.found:
        ids = ", ".join(effect.id for effect in outcome.found)
        return Settled(following=Park("duplicate_effect", record.name, f"done more than once under one key: {ids}"))
    return _absent(outcome, record, promise, around)


def _absent(outcome: Outcome, record: Record, promise: Promise, around: Circumstances) -> Settled:
    """Nothing was found. That proves something only when nothing can land any more; a key may be repeated before."""
    again = Sleep(around.now + timedelta(seconds=pause_after(record.tries, around.dice)))
    counts = absence_counts_from(record, promise)
    if around.now >= counts:
        return Settled("failed", following=None if around.undone_next or around.rested else again)
    if around.undone_next or not may_repeat_at_once(record, promise, around.now):
        return Settled("unknown", following=Sleep(counts + timedelta(milliseconds=10)))
    call: CallKind = "undo" if record.name != outcome.call.send.step.name else "do"
    return Settled("unknown", following=replace(outcome.call.send, call=call) if around.rested else again)


def _refusal(outcome: Outcome) -> Refusal:
    step = outcome.call.send.step
    assert isinstance(step, Step), "only a step can be refused"
    return step.refused(outcome.code)


def refusal_of(detail: Mapping[str, Any] | None) -> Refusal | None:
    if not detail or "code" not in detail:
        return None
    return Refusal(str(detail["code"]), str(detail.get("detail", "")))


def effect_of(row: Mapping[str, Any] | None, key: str) -> Effect | None:
    return Effect(row["id"], key, row["kind"], row.get("facts", {})) if row else None


def effect_row(effect: Effect | None) -> dict[str, Any] | None:
    return {"id": effect.id, "kind": effect.kind, "facts": dict(effect.facts)} if effect else None
