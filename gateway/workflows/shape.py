"""What a run that is under way depends on: which steps, in which order, under which names, calling what."""

import hashlib
from dataclasses import fields
from functools import cache
from typing import Any

_USUAL = {("Step", "only_if", ""), ("Step", "mended", False), ("Assent", "customer", True)}
_OF_NO_MATTER = {"by_hand", "undone_after"}  # words for people; a journal says what has been undone, in whichever order


@cache
def shape_of(steps: tuple[Any, ...]) -> str:
    told = [
        (
            type(step).__name__,
            *(
                f"{each.name}={value}"
                for each in fields(step)
                if isinstance(value := getattr(step, each.name), str | bool)
                and each.name not in _OF_NO_MATTER
                and not _as_ever(step, each.name, value=value)
            ),
        )
        for step in steps
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _as_ever(step: Any, name: str, *, value: str | bool) -> bool:
    """What is told only where it says something, so that older step tables keep their shape."""
    return (type(step).__name__, name, value) in _USUAL
