"""
Objects that callers send are closed: a field nobody knows is a mistake of theirs, and they shall hear of it.

But for documents whose shape another system decides, and goes on extending: `x-foreign: true` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.governance.clauses import is_json
from gateway.governance.openapi import Described, parts, resolved
from gateway.governance.yaml import Document, Place

_CLOSERS = ("additionalProperties", "unevaluatedProperties")
_SAME_OBJECT = frozenset(("allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"))
_NOT_SENT = frozenset(("if", "not"))  # conditions, not descriptions


def open_objects(document: Document, described: Described) -> Iterator[tuple[Place, str]]:
    """Where the request's JSON may hold unknown fields."""
    place, body = resolved(document.value, (*described.place, "requestBody"), described.text.get("requestBody", {}))
    for name, media in body.get("content", {}).items():
        if is_json(name):
            walk = _Walk(document.value, set())
            yield from walk.findings((*place, "content", name, "schema"), media.get("schema", {}), closed=False)


class _Walk:
    """Through a schema and all it refers to; `closed` is what a schema around says of the same object."""

    def __init__(self, root: dict[str, Any], seen: set[tuple[Place, bool]]) -> None:
        self.root = root
        self.seen = seen

    def findings(self, place: Place, schema: Any, *, closed: bool) -> Iterator[tuple[Place, str]]:
        if not isinstance(schema, dict) or (place, closed) in self.seen or schema.get("x-foreign") is True:
            return
        self.seen.add((place, closed))
        closed = closed or any(schema.get(key, True) is not True for key in _CLOSERS)
        if _is_object(schema) and not closed:
            yield place, "an object in a request must be closed; add 'additionalProperties: false'"
        if "$ref" in schema:
            yield from self.findings(*resolved(self.root, place, schema), closed=closed)
        for inner, child in parts(schema, place):
            keyword = inner[len(place)]
            if keyword not in _NOT_SENT:
                yield from self.findings(inner, child, closed=closed and keyword in _SAME_OBJECT)


def _is_object(schema: dict[str, Any]) -> bool:
    kind = schema.get("type", ())
    return kind == "object" or "object" in kind or "properties" in schema
