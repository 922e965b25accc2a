"""A decision is a value: who decided (rule and place), what, and how far it reaches."""

from dataclasses import dataclass
from typing import Literal

Reach = Literal["own", "all"]


@dataclass(frozen=True, slots=True)
class Allow:
    rule: str
    place: str  # file:line of the rule
    reach: Reach = "own"  # own: only what belongs to the caller; all: everybody's
    about: str = "access"  # or what else was asked: channel, history, commitment, waiver


@dataclass(frozen=True, slots=True)
class Deny:
    rule: str
    place: str
    reason: str
    missing_scope: str | None = None
    about: str = "access"


Decision = Allow | Deny


@dataclass(frozen=True, slots=True)
class Matter:
    """What policies ask about a request's content, once it has been read."""

    channel: str | None = None  # the channel it speaks for
    history: bool = False  # an order so old that it is an import
    commits: bool = False  # stock that is promised for good
    waives: bool = False  # goods that are handed over without the customer's code
