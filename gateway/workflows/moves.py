"""What a run may do next, each as a value: what the plan answers with and the runner does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.workflows.saga import Assent, Branches, Gate, Local, Pivot, Refusal, Step

Direction = Literal["forward", "backward"]
CallKind = Literal["do", "undo", "find", "look"]


@dataclass(frozen=True, slots=True)
class Send:
    step: Step | Assent | Pivot
    call: CallKind
    record: str  # hold_money, undo:hold_money
    operation: str
    subject: str | None = None  # the effect that an undo or a follow-up is about


@dataclass(frozen=True, slots=True)
class RunLocal:
    step: Local
    undo: bool


@dataclass(frozen=True, slots=True)
class Take:
    step: Pivot


@dataclass(frozen=True, slots=True)
class Pass:
    step: Gate


@dataclass(frozen=True, slots=True)
class Tend:
    step: Branches


@dataclass(frozen=True, slots=True)
class Wait:
    step: Assent | Gate | Branches | Pivot
    seconds: int


@dataclass(frozen=True, slots=True)
class Sleep:
    until: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    direction: Direction
    cause: Refusal | None  # None: somebody's wish, not a refusal


@dataclass(frozen=True, slots=True)
class Park:
    code: str
    step: str
    detail: str


@dataclass(frozen=True, slots=True)
class Finish:
    direction: Direction


Next = Send | RunLocal | Take | Pass | Tend | Wait | Sleep | Turn | Park | Finish
