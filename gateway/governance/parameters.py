"""Parameters are text; here they become the values their schemas speak of, or faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from gateway.governance.faults import faults_of
from gateway.governance.names import did_you_mean
from gateway.governance.pointers import around_pointer
from gateway.governance.schema import Validator
from gateway.refusals import Fault, Malformed

_MOST = 64  # query parameters in one request
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, or one header of its answers."""

    where: str  # path | query | header
    name: str  # headers: lower case
    required: bool
    schema: Mapping[str, Any]  # what the text is to become; references resolved
    validator: Validator

    def read(self, texts: Sequence[str], root: dict[str, Any]) -> tuple[Any, list[Fault]]:
        """The value that *texts* stand for, and what is wrong with it."""
        place = (self.where, self.name)
        if any("\x00" in text for text in texts):
            return None, [Fault(around_pointer(place), "not_allowed", "contains the character NUL")]
        if len(texts) > 1 and type_of(self.schema) != "array":
            return None, [Fault(around_pointer(place), "repeated", "is given more than once")]
        value = coerced(self.schema, texts)
        point = partial(_beneath, place)
        return value, list(faults_of(self.validator, value, root=root, point=point))


def _beneath(place: tuple[str, ...], path: Sequence[str | int]) -> str:
    return around_pointer((*place, *path))


def type_of(schema: Mapping[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((each for each in kind if each != "null"), None)
    return kind


def coerced(schema: Mapping[str, Any], texts: Sequence[str]) -> Any:
    """What does not fit stays text, so that the validator names the type it should have had."""
    kind, text = type_of(schema), texts[-1]
    if kind == "array":
        return [coerced(schema.get("items", {}), [each]) for each in texts]
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def read_query(query: bytes) -> dict[str, list[str]]:
    """Every parameter with all its values. Raises `Malformed`."""
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except UnicodeDecodeError:
        raise Malformed("the query is not percent-encoded UTF-8") from None
    except ValueError:
        raise Malformed(f"the query has more than {_MOST} parameters") from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def unknown_parameters(given: Mapping[str, object], known: frozenset[str]) -> Iterator[Fault]:
    for name in given:
        if name not in known:
            detail = f"is not known{did_you_mean(name, known)}"
            yield Fault(around_pointer(("query", name)), "unknown_parameter", detail)
