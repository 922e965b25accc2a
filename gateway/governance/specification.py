"""Is a document OpenAPI at all? Asked of openapi-spec-validator; its answers get a line."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from gateway.governance.yaml import Document, Place


def breaches(document: Document) -> Iterator[tuple[Place, str]]:
    """Where *document* breaks the OpenAPI 3.1 specification."""
    specification = import_module("openapi_spec_validator")  # a second that only they pay who load contracts
    for error in specification.OpenAPIV31SpecValidator(document.value).iter_errors():
        while error.context:  # "is not valid under any of…" helps nobody: the branch that came furthest does
            error = max(error.context, key=lambda branch: len(branch.absolute_path))
        yield tuple(error.absolute_path), f"this is not OpenAPI 3.1: {error.message[:300]}"
