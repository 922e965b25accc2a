"""How a system speaks: what a body and a refusal look like, and what a key is worth when the answer was no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from adapters.sandbox.answers import Json, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One manner of speaking over HTTP."""

    read: Callable[[bytes], Json | None]  # None: it cannot be read
    refused: Callable[[Refusal], tuple[int, Json]]
    keeps: Callable[[Refusal], bool]  # is it the key's answer from now on?
    admit: Callable[[Mapping[str, str]], None] = lambda headers: None  # raises `Refusal`
    keeps_broken: bool = False  # is a 500 the key's answer, too?
    one_at_a_time: bool = False  # is a second call with a key refused while the first is under way?
    deadlines: bool = True  # does it know `Request-Deadline`?


def _read(raw: bytes) -> Json | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


REST = Dialect(
    read=_read,
    refused=lambda refusal: (refusal.status, refusal.body()),
    keeps=lambda refusal: refusal.status in (402, 422),
)
