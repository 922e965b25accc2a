"""
Is a document OpenAPI at all?

Asked of the specification's own schema at every start, and by who checks contracts of openapi-spec-validator as well,
which sees more and takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, Registry, ValidationError

from gateway.governance.yaml import Document, Place

_SHIPPED = (
    "resources/schemas/v3.1/schema.json"  # beside openapi-spec-validator, importing which takes a quarter of a second
)


def breaches(document: Document) -> Iterator[tuple[Place, str]]:
    """Where *document* breaks the schema of OpenAPI 3.1, or a schema in it that of JSON Schema 2020-12."""
    for error in map(_most_telling, _structure().iter_errors(document.value)):
        yield tuple(error.instance_path), _told(error.message)


def deep_breaches(document: Document) -> Iterator[tuple[Place, str]]:
    """What no schema can tell, such as a parameter described twice. Few of these have a place."""
    yield from _deep_breaches(orjson.dumps(document.value))


@lru_cache(maxsize=64)
def _deep_breaches(document: bytes) -> tuple[tuple[Place, str], ...]:
    """A process may ask more than once."""
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - who only starts does not wait for it

    errors = OpenAPIV31SpecValidator(orjson.loads(document)).iter_errors()
    return tuple((tuple(error.absolute_path), _told(error.message)) for error in errors)


def _told(message: str) -> str:
    return f"this is not OpenAPI 3.1: {message[:300]}"


@cache
def _structure() -> Draft202012Validator:
    """The specification leaves the dialect of schemas open; here it is JSON Schema's own, as in its `schema-base`."""
    package = find_spec("openapi_spec_validator")
    assert package is not None, "openapi-spec-validator is a dependency"
    specified = orjson.loads((Path(str(package.origin)).parent / _SHIPPED).read_bytes())
    dialect = {"$dynamicAnchor": "meta", "$ref": "https://json-schema.org/draft/2020-12/schema"}
    root = {"$id": "urn:omnigate:openapi", "$ref": specified["$id"], "$defs": {"schema": dialect}}
    return Draft202012Validator(root, registry=Registry([(specified["$id"], specified)]))


def _most_telling(error: ValidationError) -> Any:
    """ "… is not valid under any of the schemas" helps nobody; the branch that came furthest does."""
    while branches := [each for branch in getattr(error.kind, "context", ()) for each in branch]:
        error = max(branches, key=lambda branch: len(branch.instance_path))
    return error
