"""From a validator's errors to faults a caller can act on: place, code, sentence; never the value that was sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from gateway.governance.names import did_you_mean, listed
from gateway.governance.openapi import parts, resolved, step
from gateway.governance.schema import Validator
from gateway.governance.yaml import Place
from gateway.refusals import Fault

MOST = 100  # faults in one answer; who has more mends these first
_HOPELESS = 5_000  # errors cost 20 µs each; beyond this the first one has to do
_MOST_VALUES, _MOST_FIELDS = 25_000, 1_000  # in all, in one object; errors copy what they are about

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


def faults_of(validator: Validator, value: Any, *, root: dict[str, Any], point: Point) -> list[Fault]:
    """What is wrong with *value*, in the order of the schema, each thing once, at most `MOST`."""
    if validator.is_valid(value):
        return []
    seen: dict[Fault, None] = {}
    reader = _Reader(root, point, errors := list(_errors(validator, value)))
    for error in errors:
        seen.update(dict.fromkeys(reader.faults(error)))
        if len(seen) >= MOST:
            break
    return list(islice(seen, MOST))


def _errors(validator: Validator, value: Any) -> Iterable[ValidationError]:
    if not _is_vast(value) and len(validator.evaluate(value).errors()) <= _HOPELESS:
        return validator.iter_errors(value)
    try:
        validator.validate(value)
    except ValidationError as error:
        return (error,)
    return ()


def _is_vast(value: Any) -> bool:
    """More than a sound request could hold: every error of it would be counted in megabytes."""
    nodes, count = [value], 0
    while nodes:
        node = nodes.pop()
        if not isinstance(node, dict | list):
            continue
        count += len(node)
        if count > _MOST_VALUES or (isinstance(node, dict) and len(node) > _MOST_FIELDS):
            return True
        nodes += node.values() if isinstance(node, dict) else node
    return False


class _Reader:
    """Reads the errors of one value."""

    def __init__(self, root: dict[str, Any], point: Point, errors: list[ValidationError]) -> None:
        self.root = root
        self.point = point
        self.errors = errors

    @cached_property
    def struck(self) -> frozenset[Place]:
        """Every place at or under which something else than an unexpected field is wrong."""
        paths = (tuple(error.instance_path) for error in self.errors if error.kind.name not in _UNKNOWN)
        return frozenset(path[:length] for path in paths for length in range(len(path) + 1))

    def faults(self, error: ValidationError) -> Iterator[Fault]:
        kind: Any = error.kind
        name, path = kind.name, error.instance_path
        if name in _UNKNOWN:
            yield from self._unknown(error, kind.unexpected)
        elif name == "required":
            yield Fault(self.point([*path, kind.property]), "required", "is required")
        elif name in {"anyOf", "oneOf"} and (branch := _only_plausible(error)):
            for inner in branch:
                yield from self.faults(inner)
        else:
            code = _UPPER.sub("_", name).lower() if name in _SENTENCES else "not_allowed"
            yield Fault(self.point(path), code, _SENTENCES.get(name, lambda _: "is not allowed here")(kind))

    def _unknown(self, error: ValidationError, fields: list[str]) -> Iterator[Fault]:
        known = _known_names(self.root, error.schema_path[:-1])
        path = error.instance_path
        for field in fields[:MOST]:
            place = self.point([*path, field])
            if field not in known:
                yield Fault(place, "unknown_field", f"is not known{did_you_mean(field, known)}")
            elif tuple(path) not in self.struck:  # else it only counts as unexpected because its schema failed
                yield Fault(place, "not_allowed", "is not allowed together with the other fields here")


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
