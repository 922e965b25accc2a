"""
Does the application's own OpenAPI document say the same as the contract?

Both are flattened to (operation, place) -> clause and compared by meaning: schemas agree when each covers the other.
Whatever the algebra cannot decide counts as a difference. What OpenAPI cannot express in a URL (null) is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from jsonschema_rs.canonical import Containment

Json = Any

_SCHEMAS = "#/components/schemas/"
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_NOTES = frozenset(("discriminator", "example", "examples", "xml", "externalDocs"))
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Clause:
    """What a document says at one place: a schema, whether it must be there, and other plain facts."""

    schema: Json = None
    required: bool | None = None
    fact: str | None = None


def differences(contract: Json, generated: Json, rename: Mapping[str, str] | None = None) -> list[str]:
    """One line for each difference; empty when both say the same. *rename*: a schema's name there -> its name here."""
    ours, theirs = dict(_clauses(contract)), dict(_clauses(generated))
    here, there = _Canon(contract, {}), _Canon(generated, dict(rename or {}))
    found: list[str] = []
    for place in sorted(ours.keys() | theirs.keys()):
        if place not in theirs:
            found.append(f"{place}: only in the contract")
        elif place not in ours:
            found.append(f"{place}: only in the application")
        else:
            found += (f"{place}: {what}" for what in _difference(ours[place], theirs[place], here, there))
    return found


def _difference(ours: Clause, theirs: Clause, here: _Canon, there: _Canon) -> Iterator[str]:
    if ours.fact != theirs.fact:
        yield f"contract says {ours.fact!r}, application says {theirs.fact!r}"
    if ours.required != theirs.required:
        yield f"required: contract says {ours.required}, application says {theirs.required}"
    if ours.schema is None and theirs.schema is None:
        return
    mine, other = here.of(ours.schema), there.of(theirs.schema)
    if mine == other:
        return
    wide, narrow = mine.covers(other), other.covers(mine)
    if wide != Containment.YES or narrow != Containment.YES:
        only_there = str(other.subtract(mine).to_json_schema())[:_SHOWN]
        only_here = str(mine.subtract(other).to_json_schema())[:_SHOWN]
        yield (
            f"contract covers application: {wide}, application covers contract: {narrow}; "
            f"only the application takes {only_there}; only the contract takes {only_here}"
        )


class _Canon:
    """Canonical schemas of one document."""

    def __init__(self, document: Json, rename: Mapping[str, str]) -> None:
        schemas = document.get("components", {}).get("schemas", {})
        self._rename = rename
        self._schemas = {rename.get(name, name): self._without_notes(schema) for name, schema in schemas.items()}
        self._known: dict[str, Any] = {}

    def of(self, schema: Json) -> Any:
        key = repr(schema)
        if key not in self._known:
            plain = True if schema is None else self._without_notes(schema)
            root = {"allOf": [plain], "components": {"schemas": self._schemas}}
            whole = jsonschema_rs.dereference(root, draft=jsonschema_rs.Draft202012, offline=True)
            self._known[key] = jsonschema_rs.canonicalize(
                {"allOf": whole["allOf"], "components": whole["components"]},
                draft=jsonschema_rs.Draft202012,
                validate_formats=True,
                offline=True,
            )
        return self._known[key]

    def _without_notes(self, value: Json, *, names: bool = False) -> Json:
        """Without what validates nothing; *names*: the keys here are fields, not keywords."""
        if isinstance(value, list):
            return [self._without_notes(each) for each in value]
        if not isinstance(value, dict):
            return value
        kept: dict[str, Json] = {}
        for key, child in value.items():
            if key == "$ref" and not names:
                name = str(child).removeprefix(_SCHEMAS)
                kept[key] = _SCHEMAS + self._rename.get(name, name)
            elif names or not (key in _NOTES or key.startswith("x-")):
                kept[key] = self._without_notes(child, names=not names and key == "properties")
        return kept


def _clauses(document: Json) -> Iterator[tuple[str, Clause]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                key, operation = f"{method.upper()} {path}", item[method]
                yield key, Clause(fact=operation.get("operationId"))
                for each in [*item.get("parameters", []), *operation.get("parameters", [])]:
                    yield _parameter(document, key, each)
                yield from _body(document, key, operation)
                yield from _answers(document, key, operation)


def _parameter(document: Json, key: str, given: Json) -> tuple[str, Clause]:
    parameter = _resolved(document, given)
    place, required = parameter["in"], bool(parameter.get("required"))
    name = parameter["name"].lower() if place == "header" else parameter["name"]
    schema = parameter["schema"] if required else _without_null(parameter["schema"])
    return f"{key} {place}:{name}", Clause(schema, required)


def _without_null(schema: Json) -> Json:
    """What is optional in a URL is absent, never null, whatever `X | None` makes pydantic write."""
    branches = schema.get("anyOf", []) if isinstance(schema, dict) else []
    rest = [branch for branch in branches if branch != {"type": "null"}]
    if len(rest) == len(branches):
        return schema
    around = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**around, "allOf": rest} if len(rest) == 1 else {**around, "anyOf": rest}


def _body(document: Json, key: str, operation: Json) -> Iterator[tuple[str, Clause]]:
    body = _resolved(document, operation.get("requestBody", {}))
    for media_type, media in body.get("content", {}).items():
        yield f"{key} body {media_type}", Clause(media.get("schema"), bool(body.get("required")))


def _answers(document: Json, key: str, operation: Json) -> Iterator[tuple[str, Clause]]:
    for status, given in operation["responses"].items():
        answer = _resolved(document, given)
        if "HTTPValidationError" in str(answer):  # FastAPI's own 422, which the gateway never sends
            continue
        yield f"{key} -> {status}", Clause()
        for media_type, media in answer.get("content", {}).items():
            yield f"{key} -> {status} {media_type}", Clause(media.get("schema"))


def _resolved(document: Json, value: Json) -> Json:
    while "$ref" in value:
        target = document
        for token in value["$ref"][2:].split("/"):
            target = target[token.replace("~1", "/").replace("~0", "~")]
        value = target
    return value
