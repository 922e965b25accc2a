"""What a saga is made of: steps with their undo beside them, one wait that is the pivot, nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from gateway.ports import BackEnds, Effect
from gateway.store.pool import Connection
from gateway.workflows.case import Case as Case
from gateway.workflows.case import Refusal as Refusal
from gateway.workflows.case import Seen as Seen
from gateway.workflows.shape import shape_of

Do = Callable[[Case, BackEnds, str], Awaitable[Effect]]
Undo = Callable[[Case, BackEnds, Effect, str], Awaitable[Effect]]
LocalDo = Callable[[Connection, Case, datetime], Awaitable[Refusal | Effect | None]]
OnFact = Callable[[Connection, Case, Mapping[str, Any]], Awaitable[None]]
Fresh = Callable[[Connection, Case], Awaitable[Case]]
LocalUndo = Callable[[Connection, Case, datetime], Awaitable[None]]
Note = Callable[[Connection, Case, Effect], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """A call to a back end. `do` is settled by evidence before the run goes on, or undone under a key of its own."""

    name: str
    system: str
    operation: str
    do: Do
    refused: Callable[[str], Refusal]  # the back end's code -> the reason a partner reads
    undo: Undo | None = None
    undo_operation: str = ""
    undo_may_be_refused: bool = False  # the back end is the arbiter: a refused undo turns the run forward again
    undone_after: str = ""  # an earlier step that is undone first: whether it can be decides about this one, too
    about: str = ""  # the step whose effect this one goes on from
    then: str | None = None  # the resource's status once the step has succeeded
    only_if: str = ""  # "step.fact": left out unless that step's effect has the fact
    note: Note | None = None  # what our own ledgers say of its success, in the same commit
    note_undo: Note | None = None
    mended: bool = False  # a refusal is for a person to mend: it turns nothing back
    fresh: Fresh | None = None  # reads anew, with the intent, what others may have changed since the run was taken up
    by_hand: str = ""  # what is left to a person where it cannot be settled


@dataclass(frozen=True, slots=True)
class Local:
    """A step in our own database: it commits with the journal or not at all. Its effect is what later steps need."""

    name: str
    do: LocalDo
    undo: LocalUndo
    system: ClassVar[str] = "omnigate"
    by_hand: str = ""  # what is left to a person where it cannot be settled


@dataclass(frozen=True, slots=True)
class Pivot:
    """The wait after which there is no way back. A lost signal costs time only: the back end is asked as well."""

    name: str
    signal: str
    system: str
    look: Callable[[Case, BackEnds], Awaitable[Seen]]
    on: OnFact
    first_look: int = 60  # seconds
    last_look: int = 3600
    patience: int = 0  # seconds, then it is given up; 0: never
    expired: Refusal | None = None
    meanwhile: Callable[[Connection, Case, datetime], Awaitable[None]] | None = None  # at every look
    by_hand: str = ""  # what is left to a person where it cannot be settled


@dataclass(frozen=True, slots=True)
class Assent:
    """A wait for what a step's effect still needs from somebody outside: of a customer, whose channel is told so, where
    the effect is pending; of anybody else in any case. Whatever wakes the run, the back end is asked. No answer in time
    is a no."""

    name: str
    of: str  # the step whose effect may be pending
    system: str
    look: Callable[[Case, BackEnds], Awaitable[Seen]]
    expired: Refusal
    patience: int = 1800  # seconds
    first_look: int = 15
    last_look: int = 240
    note: Note | None = None  # what our own ledgers say of the step's effect, once it is no longer pending
    customer: bool = True  # who has to act
    then: str | None = None  # the resource's status once the answer is there
    on: OnFact | None = None  # what follows from the answer, in the same commit
    by_hand: str = ""  # what is left to a person where it cannot be settled


@dataclass(frozen=True, slots=True)
class Gate:
    """A wait until nothing of ours stands against going on. Whoever takes the last hindrance away wakes the run."""

    name: str
    hindered: Callable[[Connection, Case], Awaitable[int]]  # seconds until it is worth looking again; 0: not any more
    system: str = "omnigate"
    by_hand: str = ""  # what is left to a person where it cannot be settled


@dataclass(frozen=True, slots=True)
class Around:
    """The circumstances in which a run's branches are tended."""

    now: datetime
    trace_id: str
    traceparent: str | None
    stop_wished: bool


@dataclass(frozen=True, slots=True)
class Tended:
    """What came of it: an effect once all is done, or that nothing is left to do it for, and why. Else it is waited."""

    effect: Effect | None = None
    nothing_left: bool = False
    reason: Refusal | None = None  # None: somebody wished to stop
    answered: str | None = None  # what has become of the wish to stop, if that is known: partial, too_late
    again: int = 3600  # seconds until it is tended although nobody woke it


@dataclass(frozen=True, slots=True)
class Branches:
    """Work that goes on in runs below this one, each with a way back of its own. They are tended, in one transaction,
    whenever the run is woken; there is no way back from here that they have not gone before."""

    name: str
    tend: Callable[[Connection, Case, Around], Awaitable[Tended]]
    system: str = "omnigate"
    by_hand: str = ""  # what is left to a person where it cannot be settled


AnyStep = Step | Local | Assent | Gate | Branches | Pivot


class Subject(Protocol):
    """The resource a saga serves, as the runner needs it. All methods run inside the journal's transaction."""

    async def load(self, connection: Connection, run_id: str) -> Case: ...

    async def status(self, connection: Connection, run_id: str) -> str:
        """Where the resource stands. Locks it: exactly one of somebody's wish to stop and our next intent wins."""

    async def ask(self, connection: Connection, run_id: str, action: Mapping[str, str] | None, moved: "Moved") -> None:
        """Somebody outside has to do *action* before it goes on; None: no more."""

    async def move(self, connection: Connection, run_id: str, status: str, moved: "Moved") -> None:
        """The resource's status changes, with its event."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The circumstances of a change of status."""

    now: datetime
    trace_id: str
    event_id: str
    refs: Mapping[str, str] = field(default_factory=dict)
    reason: Refusal | None = None
    cancel_outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Saga:
    name: str
    version: int
    steps: tuple[AnyStep, ...]
    subject: Subject
    done: str  # the resource's status at the end of the way forward
    undone: str  # … at the end of the way back
    stopped: str  # … when the way back began with somebody's wish
    wished: str  # … while somebody wishes to stop
    resumed: str  # … when that wish came too late
    forward_only: bool = False  # there is no way back, from the first step on

    @property
    def task(self) -> str:
        return f"{self.name}.v{self.version}"

    @property
    def shape(self) -> str:
        """What a run that is under way depends on: which steps, in which order, under which names, calling what."""
        return shape_of(self.steps)

    def step(self, name: str) -> AnyStep:
        return next(step for step in self.steps if step.name == name)

    def by_hand(self, record: str, run_id: str) -> str:
        """What is left to a person of the step that the record is of, or of its undo, if there is such a step."""
        name = record.removeprefix("undo:")
        return next((step.by_hand.format(run=run_id) for step in self.steps if step.name == name), "")
