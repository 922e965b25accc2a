"""Is a document OpenAPI at all? Asked of openapi-spec-validator; its answers get a place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.governance.yaml import Document, Place


def breaches(document: Document) -> Iterator[tuple[Place, str]]:
    """Where *document* breaks the OpenAPI 3.1 specification."""
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - half a second for who loads no contract

    for breach in OpenAPIV31SpecValidator(document.value).iter_errors():
        error = _most_telling(breach)
        yield tuple(error.absolute_path), f"this is not OpenAPI 3.1: {error.message[:300]}"


def _most_telling(error: Any) -> Any:
    """ "… is not valid under any of the schemas" helps nobody; the branch that came furthest does."""
    while error.context:
        error = max(error.context, key=lambda branch: len(branch.absolute_path))
    return error
