"""How long two secrets work side by side while one replaces the other."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from gateway.errors import Misconfigured

USUAL_OVERLAP = "24h"
_LONGEST = timedelta(days=30)
_LENGTH = re.compile(r"([0-9]{1,6})([smhd]?)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "": "seconds"}

Overlap = Annotated[str, typer.Option("--overlap", help="How long the one before still works: 90m, 24h, 7d, 0.")]
AtOnce = Annotated[bool, typer.Option("--now", help="The one before is void at once: somebody else has it.")]


def overlap_of(text: str, *, at_once: bool) -> timedelta:
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise Misconfigured(f"--overlap: '{text}' is no length of time; write 90m, 24h, 7d or 0")
    overlap = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if overlap > _LONGEST:
        raise Misconfigured(f"--overlap: '{text}' is longer than {_LONGEST.days} days, the most there is")
    return timedelta(0) if at_once else overlap


def end_of_overlap(overlap: timedelta) -> str:
    if not overlap:
        return "an older one is void"
    return f"one from before works for {overlap} more; if somebody else has it: --now"
