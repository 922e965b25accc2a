"""The parts of an OpenAPI 3.1 document: its operations, its schemas, and where its references lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.governance.yaml import Document, Place

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")

_ONE = frozenset(("items", "contains", "not", "if", "then", "else", "propertyNames")) | {
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
}
_LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAPS = frozenset(("properties", "patternProperties", "$defs", "dependentSchemas"))
_NO_SCHEMAS_INSIDE = frozenset(("example", "examples", "default"))


@dataclass(frozen=True, slots=True)
class Described:
    """One method on one path, as the document describes it."""

    method: str  # upper case
    path: str
    place: Place
    text: dict[str, Any]
    parameters: tuple[tuple[Place, dict[str, Any]], ...]  # of the path item and its own, resolved


def step(value: Any, token: str) -> Any:
    return value[int(token)] if isinstance(value, list) else value[token]


def target(root: dict[str, Any], ref: str) -> tuple[Place, Any]:
    """What `#/components/…` names. Raises `LookupError` when there is nothing."""
    if not ref.startswith("#/"):
        raise LookupError(ref)
    place, value = [], root
    for token in (part.replace("~1", "/").replace("~0", "~") for part in ref[2:].split("/")):
        place.append(token)
        try:
            value = step(value, token)
        except (KeyError, ValueError, TypeError, IndexError):
            raise LookupError(ref) from None
    return tuple(place), value


def resolved(root: dict[str, Any], place: Place, value: Any) -> tuple[Place, Any]:
    """*value* at *place*, or what it refers to."""
    while isinstance(value, dict) and "$ref" in value:
        place, value = target(root, value["$ref"])
    return place, value


def operations(document: Document) -> Iterator[Described]:
    root = document.value
    for path, item in root.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                place: Place = ("paths", path, method)
                listed = [
                    (("paths", path, "parameters", i), each) for i, each in enumerate(item.get("parameters", ()))
                ] + [((*place, "parameters", i), each) for i, each in enumerate(item[method].get("parameters", ()))]
                parameters = tuple(resolved(root, *each) for each in listed)
                yield Described(method.upper(), path, place, item[method], parameters)


def schemas(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every schema of a document, also those inside of others."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in _NO_SCHEMAS_INSIDE or key.startswith("x-"):
                continue
            if key == "schema":
                yield from within(child, (*place, key))
            elif key == "schemas" and place == ("components",):
                for name, schema in child.items():
                    yield from within(schema, (*place, key, name))
            else:
                yield from schemas(child, (*place, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from schemas(child, (*place, index))


def within(schema: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """*schema* and every schema inside of it; references are not followed."""
    yield place, schema
    for inner, child in parts(schema, place):
        yield from within(child, inner)


def parts(schema: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """The schemas that *schema* is made of, one level down."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in _ONE:
            yield (*place, key), value
        elif key in _LISTS and isinstance(value, list):
            yield from (((*place, key, index), child) for index, child in enumerate(value))
        elif key in _MAPS and isinstance(value, dict):
            yield from (((*place, key, name), child) for name, child in value.items())
