"""Is a contract fit to be enforced? Every mistake that would otherwise pass in silence is named, with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from jsonschema_rs import Draft202012Validator, ValidationError

from gateway.errors import Misconfigured
from gateway.governance.names import did_you_mean, listed
from gateway.governance.openapi import Described, operations, resolved, schemas, target
from gateway.governance.paths import TEMPLATE
from gateway.governance.requests import open_objects
from gateway.governance.schema import LINEAR, mapping_of
from gateway.governance.specification import breaches
from gateway.governance.yaml import Document, Place

_ENFORCED_OR_NOTES = """
    $ref $defs $comment type enum const format pattern minLength maxLength minimum maximum exclusiveMinimum
    exclusiveMaximum multipleOf items prefixItems contains minContains maxContains minItems maxItems uniqueItems
    unevaluatedItems properties patternProperties additionalProperties unevaluatedProperties propertyNames required
    minProperties maxProperties dependentRequired dependentSchemas allOf anyOf oneOf not if then else discriminator
    title description default deprecated readOnly writeOnly examples example externalDocs
"""
_KEYWORDS = frozenset(_ENFORCED_OR_NOTES.split())
_PARAMETER = frozenset(("name", "in", "required", "schema", "description", "example", "examples", "deprecated"))
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

Finding = tuple[Place, str]


def refuse_unless_sound(document: Document) -> None:
    """Raises `Misconfigured` with a line for everything that is wrong."""
    root = document.value
    if not isinstance(root, dict) or not str(root.get("openapi", "")).startswith("3.1."):
        raise Misconfigured(f"{document.at('openapi')}: a contract begins with 'openapi: 3.1.x'")
    _raise(document, _references(document))
    specification = list(breaches(document))
    _raise(document, (breach for breach in specification if breach[0]))
    _raise(document, _operation_findings(document))
    _raise(document, _schema_findings(document))
    _raise(document, specification)  # what has no place, and none of the above


def _raise(document: Document, findings: Iterable[Finding]) -> None:
    if found := sorted({f"{document.at(*place)}: {what}" for place, what in findings}):
        raise Misconfigured("\n".join(found))


def _references(document: Document) -> Iterator[Finding]:
    for place in document.lines:
        if place[-1:] == ("$ref",) and "properties" not in place[-2:-1]:
            ref = target(document.value, "#/" + "/".join(_escaped(place)))[1]
            try:
                target(document.value, ref)
            except LookupError:
                yield place, f"there is nothing at '{ref}'; references are like '#/components/schemas/Money'"


def _escaped(place: Place) -> Iterator[str]:
    return (str(token).replace("~", "~0").replace("/", "~1") for token in place)


def _operation_findings(document: Document) -> Iterator[Finding]:
    names: set[str] = set()
    for server in document.value.get("servers", ()):
        if urlsplit(server["url"]).path not in {"", "/"}:
            yield ("servers",), f"server '{server['url']}' has a path; write it in front of every path instead"
    for described in operations(document):
        name = str(described.text.get("operationId", ""))
        if name in names:
            yield (*described.place, "operationId"), f"operationId '{name}' stands here twice; give this one another"
        names.add(name)
        yield from _operation(described, name)
        yield from open_objects(document, described)


def _operation(described: Described, name: str) -> Iterator[Finding]:
    if not _NAME.fullmatch(name):
        yield described.place, f"operationId '{name}' must be snake_case and there, like 'place_order'"
    in_path = set(TEMPLATE.findall(described.path))
    declared = {text["name"] for _, text in described.parameters if text["in"] == "path"}
    for missing in sorted(in_path ^ declared):
        yield described.place, f"path parameter '{missing}' must stand in the path and under 'parameters'"
    for place, text in described.parameters:
        if text["in"] not in {"query", "path", "header"}:
            yield place, f"parameters in '{text['in']}' are not enforced; use query, path or header"
        if unknown := sorted(text.keys() - _PARAMETER):
            yield (
                (*place, unknown[0]),
                f"'{unknown[0]}' of a parameter is not enforced; known are {listed(sorted(_PARAMETER))}",
            )
        if "schema" not in text:
            yield place, f"parameter '{text['name']}' has no 'schema'"


def _schema_findings(document: Document) -> Iterator[Finding]:
    for place, schema in schemas(document.value):
        if isinstance(schema, dict):
            for keyword in schema:
                if keyword not in _KEYWORDS and not keyword.startswith("x-"):
                    yield (
                        (*place, keyword),
                        f"'{keyword}' is no keyword that is enforced{did_you_mean(keyword, _KEYWORDS)}",
                    )
            yield from _pattern(place, schema)
            yield from _default(document, place, schema)
            yield from _discriminator(document, place, schema)


def _pattern(place: Place, schema: dict[str, Any]) -> Iterator[Finding]:
    if "pattern" in schema:
        try:
            Draft202012Validator({"pattern": schema["pattern"]}, pattern_options=LINEAR)
        except ValidationError:
            why = "cannot be matched in linear time; do without look-around and back-references"
            yield (*place, "pattern"), f"this pattern is wrong or {why}"


def _default(document: Document, place: Place, schema: dict[str, Any]) -> Iterator[Finding]:
    if "default" in schema:
        here = {"components": document.value.get("components", {}), **schema}  # its references lead into the document
        for error in Draft202012Validator(here).iter_errors(schema["default"]):
            yield (*place, "default"), f"its own schema refuses this default: {error.message}"


def _discriminator(document: Document, place: Place, schema: dict[str, Any]) -> Iterator[Finding]:
    if "discriminator" not in schema:
        return
    mapping, tag = mapping_of(schema), schema["discriminator"]["propertyName"]
    if not mapping:
        yield place, "a discriminator needs a 'oneOf' of references"
    for value, ref in mapping.items():
        branch = resolved(document.value, (), {"$ref": ref})[1]
        declared = branch.get("properties", {}).get(tag, {})
        fixed = [declared["const"]] if "const" in declared else declared.get("enum", [])
        if value not in fixed or tag not in branch.get("required", ()):
            yield place, f"'{ref}' must require '{tag}' and fix it with 'const: {value}'"
