"""State machines as data."""

from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Transition(Generic[State]):
    """One move that something may make, what makes it move, and who may."""

    before: State
    after: State
    trigger: str
    actors: frozenset[str]
