"""
What a back end promises, operation by operation: its manifest. The runner does what follows from it, and no adapter
decides in code what may be repeated. A manifest that contradicts itself is refused before anything is sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class RetryClass(StrEnum):
    """What may be done when an answer is missing. Declared per operation, never guessed."""

    NATURAL = "R1"  # repeating is harmless by nature
    KEYED = "R2"  # the back end honours our key for `window` seconds
    LOOK_UP_FIRST = "R3"  # no keys; it can be asked by our reference
    NEVER = "R0"  # neither: one attempt, then a person


class Replays(StrEnum):
    """What is said again under a key that was used before."""

    NOTHING = "nothing"  # the effect is not repeated, and its answer neither: it has to be looked up
    SUCCESS = "success"  # what was done is told again; what failed is tried again
    EVERY = "every answer"  # whatever was said first, a 500 too: only a look-up says what is so


FoundBy = Literal["key", "reference", "subject"]  # our key, our reference in the document, the effect it was about


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a back end wants to be asked. Operations that declare an equal pace share it."""

    per_second: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Promise:
    """What a back end's operation promises. Times in seconds."""

    retry_class: RetryClass
    attempt: float = 2.0  # one call, from the first byte sent
    sending: float = 2.0  # from its intent's commit on its calls are begun; an operation may be made of several
    settle: float = 1.0  # a call that was not answered has landed by then, or never will
    deadline: float = 86_400.0  # the step gives up after this and is parked
    window: float | None = None  # how long a key is honoured; None: for ever
    header: str | None = "idempotency-key"  # in which the key is sent
    replays: Replays = Replays.EVERY
    found_by: tuple[FoundBy, ...] = ("key",)
    lag: float = 0.0  # what has landed may not be found before
    pace: Pace | None = None  # None: as fast as it answers
    undo: str | None = None  # the operation that takes the effect back
    # It may be asked for several times about the same effect, each time for a part of it; what is left stays.
    in_parts: bool = False

    @property
    def can_be_asked(self) -> bool:
        return bool(self.found_by) and self.retry_class is not RetryClass.NEVER


Manifest = Mapping[str, Promise]  # operation -> promise, e.g. {"authorise": Promise(...)}


@dataclass(frozen=True, slots=True)
class Finding:
    """What keeps a back end from being used as it should be."""

    place: str  # a role, a file and its line, an operation of a manifest
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}; {self.mend}"


EFFECTS: Mapping[str, tuple[str, ...]] = {  # without which a role cannot be played; what may be left out: `OPTIONAL`
    "payments": ("authorise", "void", "capture", "refund"),
    "erp": ("book", "cancel", "invoice"),
    "wms": ("release", "cancel"),
    "store": ("ask", "cancel"),
    "carrier": ("label", "void"),
    "notifications": ("send",),
    "supplier": ("transmit", "remind", "withdraw"),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {  # done where the manifest promises it, else by a person
    "erp": ("credit", "order_goods", "cancel_purchase", "receive_goods", "post_bill"),
}


def contradictions(role: str, manifest: Manifest) -> list[Finding]:
    """What a manifest says that cannot be true, or leaves out that is needed."""
    found = [
        Finding(f"{role}.{absent}", "the manifest does not promise anything", f"add a Promise for '{absent}'")
        for absent in EFFECTS.get(role, ())
        if absent not in manifest
    ]
    for operation, promise in manifest.items():
        for what, mend in (*_times(promise), *_keys(promise), *_parts(promise), *_undo(promise, manifest)):
            found.append(Finding(f"{role}.{operation}", what, mend))
    return found


def _times(promise: Promise) -> Iterator[tuple[str, str]]:
    if min(promise.attempt, promise.sending, promise.deadline) <= 0 or min(promise.settle, promise.lag) < 0:
        yield "a time is not above nought", "attempt, sending and deadline are positive, settle and lag not negative"
    if promise.attempt > promise.deadline:
        yield "one attempt takes longer than the deadline", "shorten 'attempt' or lengthen 'deadline'"
    if promise.sending + promise.settle + promise.lag >= promise.deadline:
        yield "nothing could be shown to be absent in time", "'sending', 'settle' and 'lag' stay below 'deadline'"
    if promise.pace is not None and (promise.pace.per_second <= 0 or promise.pace.burst < 1):
        yield "its pace is no pace", "'per_second' is positive and 'burst' at least 1"


def _keys(promise: Promise) -> Iterator[tuple[str, str]]:
    if promise.retry_class is RetryClass.LOOK_UP_FIRST and not promise.found_by:
        yield "R3 is looked up first, and nothing says by what", "name a key in 'found_by', or declare it R0"
    if promise.retry_class is not RetryClass.KEYED:
        if promise.window is not None:
            yield f"{promise.retry_class} has no keys that a window could be about", "leave 'window' out, or declare R2"
        return
    if promise.header is None:
        yield "R2 honours a key, and no header carries it", "name the 'header', or declare another class"
    if promise.window is not None and promise.window <= 0:
        yield "its keys are forgotten at once", "'window' is positive, or None where keys are kept for ever"
    if promise.found_by:
        return
    if promise.window is not None and promise.window < promise.deadline:
        yield (
            f"keys are kept {promise.window:.0f} of {promise.deadline:.0f} s, and it cannot be asked",
            "name a key in 'found_by', or lower 'deadline' to the window",
        )
    if promise.replays is not Replays.SUCCESS:
        yield f"a repeated key answers {promise.replays}, and it cannot be asked", "name a key in 'found_by'"


def _parts(promise: Promise) -> Iterator[tuple[str, str]]:
    if not promise.in_parts:
        return
    if promise.retry_class is RetryClass.NATURAL:
        yield "R1 may be repeated, and would do a further part each time", "declare another class, or no 'in_parts'"
    if promise.found_by == ("subject",):
        yield (
            "its parts are found by what they are parts of, so that one is taken for the other",
            "name 'key' or 'reference' in 'found_by', or declare no 'in_parts'",
        )


def _undo(promise: Promise, manifest: Manifest) -> Iterator[tuple[str, str]]:
    if promise.undo is not None and promise.undo not in manifest:
        known = ", ".join(sorted(manifest))
        yield f"its undo '{promise.undo}' is no operation of the manifest", f"name one of: {known}"
