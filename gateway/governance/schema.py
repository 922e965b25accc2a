"""Schemas made ready to be enforced: written so that faults name fields, validators built once."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from gateway.errors import Misconfigured
from gateway.governance.openapi import schemas
from gateway.governance.pointers import plain_pointer
from gateway.governance.yaml import Document, Place

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)

Validator = Draft202012Validator


def is_moment(text: str) -> bool:
    """RFC 3339, and a moment that we and the database can hold: no leap second, no year 0, also not in UTC."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


FORMATS = {"date-time": is_moment, "int32": lambda _: True, "int64": lambda _: True, "password": lambda _: True}
LINEAR = RegexOptions()  # patterns in linear time: no look-around, no back-references, no catastrophe


def compiled(document: Document, enforced: dict[str, Any], place: Place) -> Validator:
    """A validator of the schema at *place*; *enforced* is the document after `enforceable`."""
    root = {
        "$ref": f"#{plain_pointer(place)}",
        **({"paths": enforced["paths"]} if place[0] == "paths" else {}),  # components refer to components
        "components": enforced.get("components", {}),
    }
    try:
        return Draft202012Validator(
            root,
            formats=FORMATS,
            validate_formats=True,
            ignore_unknown_formats=False,
            offline=True,
            pattern_options=LINEAR,
        )
    except ValidationError as error:
        where = document.at(*place)
        raise Misconfigured(f"{where}: this schema cannot be enforced: {error.message}") from None


def enforceable(root: dict[str, Any]) -> dict[str, Any]:
    """A copy in which the same documents are valid, and the faults of all others name the field that is wrong."""
    rewritten = copy.deepcopy(root)
    for _, schema in list(schemas(rewritten)):
        if isinstance(schema, dict):
            _choose_by_tag(schema)
            if schema.get("additionalProperties") is False:
                schema.setdefault("properties", {})  # without it the validator does not name what is unexpected
    return rewritten


def _choose_by_tag(schema: dict[str, Any]) -> None:
    """`oneOf` with a discriminator becomes `if` and `then`: not every branch complains, only the one that was meant."""
    if "discriminator" in schema and (mapping := mapping_of(schema)):
        tag = schema.pop("discriminator")["propertyName"]
        del schema["oneOf"]
        choice = {"type": "object", "required": [tag], "properties": {tag: {"enum": sorted(mapping)}}}
        branches = (_branch(tag, *each) for each in sorted(mapping.items()))
        schema["allOf"] = [*schema.get("allOf", ()), choice, *branches]


def mapping_of(schema: dict[str, Any]) -> dict[str, str]:
    """Tag value -> reference; as written, or by the names of the schemas. Empty when branches are not references."""
    refs = [branch.get("$ref") for branch in schema.get("oneOf", ()) if isinstance(branch, dict)]
    if not refs or None in refs:
        return {}
    by_name = {str(ref).rsplit("/", 1)[-1]: str(ref) for ref in refs}
    written = schema["discriminator"].get("mapping", {})
    named = {value: ref if "/" in ref else f"#/components/schemas/{ref}" for value, ref in written.items()}
    return named | {name: ref for name, ref in by_name.items() if ref not in named.values()}


def _branch(tag: str, value: str, ref: str) -> dict[str, Any]:
    return {"if": {"properties": {tag: {"const": value}}, "required": [tag]}, "then": {"$ref": ref}}
