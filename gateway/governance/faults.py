"""From a validator's errors to faults a caller can act on: a place, a code, a sentence; never the value that was sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from gateway.governance.names import did_you_mean, listed
from gateway.governance.openapi import parts, resolved, step
from gateway.governance.schema import Validator
from gateway.governance.yaml import Place
from gateway.refusals import Fault

MOST = 100  # faults in one answer; who has more mends these first

Point = Callable[[Iterable[str | int]], str]

_UNKNOWN = ("additionalProperties", "unevaluatedProperties")
_IN_PLACE = frozenset(("allOf", "anyOf", "oneOf", "if", "then", "else"))
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")
_KINDS = {"object": "an object", "array": "a list", "integer": "an integer", "null": "null", "string": "a string"}

_SENTENCES: dict[str, Callable[[Any], str]] = {
    "type": lambda kind: f"must be {' or '.join(_KINDS.get(each, f'a {each}') for each in kind.types)}",
    "enum": lambda kind: f"must be one of {listed(kind.options)}",
    "const": lambda kind: f"must be '{kind.expected_value}'",
    "format": lambda kind: f"must be written as {kind.format}",
    "pattern": lambda kind: f"must match the pattern {kind.pattern}",
    "minimum": lambda kind: f"must be at least {kind.limit}",
    "maximum": lambda kind: f"must be at most {kind.limit}",
    "exclusiveMinimum": lambda kind: f"must be more than {kind.limit}",
    "exclusiveMaximum": lambda kind: f"must be less than {kind.limit}",
    "multipleOf": lambda kind: f"must be a multiple of {kind.multiple_of}",
    "minLength": lambda kind: f"must have at least {kind.limit} characters",
    "maxLength": lambda kind: f"must have at most {kind.limit} characters",
    "minItems": lambda kind: f"must have at least {kind.limit} entries",
    "maxItems": lambda kind: f"must have at most {kind.limit} entries",
    "minProperties": lambda kind: f"must have at least {kind.limit} fields",
    "maxProperties": lambda kind: f"must have at most {kind.limit} fields",
    "uniqueItems": lambda _: "must not name anything twice",
    "propertyNames": lambda _: "has a field with a name that is not allowed",
    "contains": lambda _: "lacks an entry that must be there",
    "oneOf": lambda _: "fits none of the forms allowed here, or more than one",
    "anyOf": lambda _: "fits none of the forms allowed here",
}


def faults_of(validator: Validator, value: Any, *, root: dict[str, Any], point: Point) -> Iterator[Fault]:
    """What is wrong with *value*, in the order of the schema, each thing once, at most `MOST`."""
    if validator.is_valid(value):
        return
    seen: dict[Fault, None] = {}
    for error in islice(validator.iter_errors(value), 2 * MOST):
        seen.update(dict.fromkeys(_faults(error, root, point)))
        if len(seen) >= MOST:
            break
    yield from islice(seen, MOST)


def _faults(error: ValidationError, root: dict[str, Any], point: Point) -> Iterator[Fault]:
    kind, name, path = error.kind, error.kind.name, error.instance_path
    if name in _UNKNOWN:
        known = _known_names(root, error.schema_path[:-1])
        yield from (_unknown(point, [*path, field], known) for field in kind.unexpected[:MOST])  # type: ignore[attr-defined]
    elif name == "falseSchema" and error.schema_path[-1] in _UNKNOWN:
        yield _unknown(point, path, _known_names(root, error.schema_path[:-1]))
    elif name == "required":
        yield Fault(point([*path, kind.property]), "required", "is required")  # type: ignore[attr-defined]
    elif name in {"anyOf", "oneOf"} and (branch := _only_plausible(error)):
        for inner in branch:
            yield from _faults(inner, root, point)
    else:
        sentence = _SENTENCES.get(name, lambda _: "is not allowed here")(kind)
        yield Fault(point(path), _UPPER.sub("_", name).lower() if name in _SENTENCES else "not_allowed", sentence)


def _unknown(point: Point, path: list[str | int], known: set[str]) -> Fault:
    return Fault(point(path), "unknown_field", f"is not known{did_you_mean(str(path[-1]), known)}")


def _only_plausible(error: ValidationError) -> list[ValidationError] | None:
    """The branch that was meant, when all others want another type altogether (`anyOf: [..., {type: null}]`)."""
    branches = getattr(error.kind, "context", [])
    here = error.instance_path
    meant = [b for b in branches if not any(e.kind.name == "type" and e.instance_path == here for e in b)]
    return meant[0] if len(meant) == 1 and meant[0] else None


def _known_names(root: dict[str, Any], place: list[str | int]) -> set[str]:
    value: Any = root
    try:
        for token in place:
            value = step(value, str(token))
    except (LookupError, TypeError):  # inside a rewritten branch: then there is no hint
        return set()
    return set(_properties(root, value, ()))


def _properties(root: dict[str, Any], schema: Any, seen: Place) -> Iterator[str]:
    """The names of *schema* and of all it applies to the same object."""
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen = (*seen, id(schema))
    yield from schema.get("properties", {})
    if "$ref" in schema:
        yield from _properties(root, resolved(root, (), schema)[1], seen)
    for place, part in parts(schema, ()):
        if place[0] in _IN_PLACE:
            yield from _properties(root, part, seen)
