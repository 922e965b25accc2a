"""A decision is a value: who decided (rule and place), what, and how far it reaches."""

from dataclasses import dataclass
from typing import Literal

Reach = Literal["own", "all"]


@dataclass(frozen=True, slots=True)
class Allow:
    rule: str
    place: str  # file:line of the rule
    reach: Reach = "own"  # own: only what belongs to the caller; all: everybody's


@dataclass(frozen=True, slots=True)
class Deny:
    rule: str
    place: str
    reason: str
    missing_scope: str | None = None


Decision = Allow | Deny
