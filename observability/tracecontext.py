"""
W3C Trace Context: what a caller says of its trace, read strictly and in one place, whoever carries it on.

A `traceparent` that cannot be read, or stands twice, starts a new trace, and its `tracestate` is not looked at. A
`tracestate` that breaks its rules is dropped whole; the trace goes on without it. Nothing of either is ever logged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_MEMBERS = 32
LONGEST_PARENT, LONGEST_STATE = 512, 8192  # characters

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_KEY = r"[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}"
_MEMBER = re.compile(rf"({_KEY})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e])")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
class Parent:
    """The span of another system that ours is a child of. Its flags are its own; whether we record is ours to say."""

    trace_id: str
    span_id: str
    flags: int
    state: tuple[tuple[str, str], ...] = ()


def parent_of(traceparents: Sequence[str], tracestates: Sequence[str] = ()) -> Parent | None:
    """The parent that these header lines name, all lines of each in the order they came; None begins a new trace."""
    if len(traceparents) != 1 or len(traceparents[0]) > LONGEST_PARENT:
        return None
    found = _PARENT.fullmatch(traceparents[0].strip(" \t"))
    if found is None:
        return None
    version, trace_id, span_id, flags, future = found.groups()
    if version == "ff" or (version == "00" and future is not None):  # later versions may say more behind a dash
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return Parent(trace_id, span_id, int(flags, 16), _members(tracestates))


def _members(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    combined = ",".join(lines)
    if len(combined) > LONGEST_STATE:
        return ()
    members = [_MEMBER.fullmatch(each) for each in (part.strip(" \t") for part in combined.split(",")) if each]
    state = {member[1]: member[2] for member in members if member is not None}
    if len(members) > MOST_MEMBERS or len(state) != len(members):  # unreadable, or a key twice
        return ()
    return tuple(state.items())
