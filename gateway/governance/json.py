"""
Strict JSON: what two parsers could read differently is refused before anybody reads it.

orjson is the gate (UTF-8, NaN, surrogates, syntax), the standard decoder reads (repeated keys, exact numbers). The
way through for good documents is fast; where a bad one is bad is looked for only once it is known to be bad.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import orjson
import rfc8785

from gateway.governance.pointers import body_pointer
from gateway.refusals import Malformed

LARGEST = 2**53 - 1  # what every JSON reader holds exactly (RFC 7493)
LONGEST = 40  # characters of one number; more cannot be told apart by a double anyway
MOST = 100_000  # values in one document: a thousand lines of an order have a tenth of that
SHOWN = 64  # characters of a key that are repeated to the caller

_CONTAINERS = (dict, list)
_ASTRAL = re.compile(rb"[\xf0-\xf4]")  # RFC 8785 orders keys by UTF-16, where these come before U+E000


class _Repeated(ValueError):
    """A key occurs twice in one object."""


class _OutOfRange(ValueError):
    """A number that not every reader holds exactly."""


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written, with every pair."""


def parse(data: bytes, *, depth: int = 32) -> Any:
    """The value in *data*. Raises `Malformed` with a sentence that says what is wrong and where, never with a value."""
    value = _read(data)
    if data.count(b",") >= MOST and sum(map(len, _levels(value))) > MOST:  # commas may stand in strings
        raise Malformed(f"the body holds more than {MOST} values")
    if _has_number_to_judge(value, depth) or b"\\u" in data:
        return _read_slowly(data)
    try:
        written = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)  # refuses what exceeds 2^53 - 1
    except TypeError:
        raise Malformed(_first_fault(data)) from None
    if written.count(b":") != data.count(b":"):  # a pair is gone and its colon with it: its key stands there twice
        raise Malformed(_first_fault(data))
    return value


def _read_slowly(data: bytes) -> Any:
    """With a look at every pair and every fraction."""
    try:
        value = _STRICT.decode(data.decode())
        orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except (ValueError, TypeError):  # the syntax is sound: orjson has read the same bytes
        raise Malformed(_first_fault(data)) from None
    if b"\\u0000" in data and (fault := next(_faults(value), None)):
        raise Malformed(fault)
    return value


def canonical(value: Any) -> bytes:
    """RFC 8785: equal values have equal bytes."""
    if not any(float in map(type, level) for level in _levels([value])):
        written = orjson.dumps(
            value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
        )  # the same bytes, eighty times as fast
        if written.isascii() or not _ASTRAL.search(written):
            return written
    return rfc8785.dumps(value)


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).digest()


def _read(data: bytes) -> Any:
    if not data:
        raise Malformed("the body is empty where JSON is expected")
    if data.startswith(b"\xef\xbb\xbf"):
        raise Malformed("the body begins with a byte order mark; JSON has none")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(_why_unreadable(data, error)) from None


def _has_number_to_judge(value: Any, depth: int) -> bool:
    """Is there a fraction, or an integer so large that orjson reads it as one?"""
    found = False
    for level, inner in enumerate(_levels([value])):
        if level > depth:
            raise Malformed(f"the body is nested deeper than {depth} levels")
        found = found or float in map(type, inner)
    return found


def _why_unreadable(data: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as broken:
        return f"the body is not UTF-8 at byte {broken.start}"
    where = f"line {error.lineno}, column {error.colno}"
    if "surrogate" in error.msg:
        return f"the body has half of a surrogate pair in a string before {where}"
    if "depth" in error.msg:
        return "the body is nested too deeply"
    if "number" in error.msg or "infinit" in error.msg.lower():
        return f"the body has a number out of range or unreadable at {where}"
    return f"the body is not JSON at {where}"


def _levels(value: Any) -> Iterator[list[Any]]:
    """What stands in *value*, nesting by nesting; as many lists as it is deep."""
    nodes = [value] if type(value) in _CONTAINERS else []
    while nodes:
        children: list[Any] = []
        for node in nodes:
            children += node.values() if type(node) is dict else node
        yield children
        nodes = [child for child in children if type(child) in _CONTAINERS]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Repeated
    return value


def _integer(text: str) -> int:
    if len(text) > LONGEST or abs(value := int(text)) > LARGEST:
        raise _OutOfRange
    return value


def _number(text: str) -> float | int:
    """3.0 is the integer 3, in JSON Schema and in RFC 8785; those behind us shall see it as one."""
    if len(text) > LONGEST or abs(value := float(text)) > LARGEST:
        raise _OutOfRange
    return int(value) if value.is_integer() else value


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number)


_BEYOND = _OutOfRange()  # one for all: an error that was raised holds its frames, and a body can hold many numbers


def _kept(read: Any) -> Any:
    """A number hook that leaves an error where the number stood, so that it can be found."""

    def hook(text: str) -> Any:
        try:
            return read(text)
        except _OutOfRange:
            return _BEYOND

    return hook


_FORENSIC = json.JSONDecoder(object_pairs_hook=_Pairs, parse_float=_kept(_number), parse_int=_kept(_integer))


def _first_fault(data: bytes) -> str:
    return next(_faults(_FORENSIC.decode(data.decode())), "the body is not JSON that every reader reads alike")


def _faults(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    if isinstance(value, str) and "\x00" in value:
        yield f"the string at {body_pointer(path)} contains the character NUL"
    elif isinstance(value, _OutOfRange):
        yield f"the number at {body_pointer(path)} exceeds 2^53-1 or {LONGEST} characters; send it as a string"
    elif isinstance(value, (dict, _Pairs)):
        yield from _object_faults(list(value.items() if isinstance(value, dict) else value), path)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _faults(child, (*path, index))


def _object_faults(pairs: list[tuple[str, Any]], path: tuple[str | int, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for key, child in pairs:
        if key in seen:
            yield f"the key '{key[:SHOWN]}' is repeated in the object at {body_pointer(path)}"
        if "\x00" in key:
            yield f"a key of the object at {body_pointer(path)} contains the character NUL"
        seen.add(key)
        yield from _faults(child, (*path, key))
