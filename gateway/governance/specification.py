"""Is a document OpenAPI at all? Asked of openapi-spec-validator; its answers get a place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson

from gateway.governance.yaml import Document, Place


def breaches(document: Document) -> Iterator[tuple[Place, str]]:
    """Where *document* breaks the OpenAPI 3.1 specification."""
    yield from _breaches(orjson.dumps(document.value))


@lru_cache(maxsize=64)
def _breaches(document: bytes) -> tuple[tuple[Place, str], ...]:
    """The answer takes up to half a second, and a process may ask more than once."""
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - half a second for who loads no contract

    errors = map(_most_telling, OpenAPIV31SpecValidator(orjson.loads(document)).iter_errors())
    return tuple((tuple(error.absolute_path), f"this is not OpenAPI 3.1: {error.message[:300]}") for error in errors)


def _most_telling(error: Any) -> Any:
    """ "… is not valid under any of the schemas" helps nobody; the branch that came furthest does."""
    while error.context:
        error = max(error.context, key=lambda branch: len(branch.absolute_path))
    return error
