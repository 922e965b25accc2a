"""Which operation a method and a path mean: literal paths by look-up, templates by expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.domain.operation import Operation
from gateway.refusals import MethodNotAllowed, NotFound

TEMPLATE = re.compile(r"\{([^{}/]*)\}")


@dataclass(frozen=True, slots=True)
class Matched:
    operation: Operation
    path_parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Template:
    pattern: re.Pattern[str]
    methods: Mapping[str, Operation]


class Paths:
    """Built once from all operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        for methods in by_path.values():
            if "GET" in methods:
                methods.setdefault("HEAD", methods["GET"])
        self._literal = {path: methods for path, methods in by_path.items() if not TEMPLATE.search(path)}
        templated = [path for path in by_path if path not in self._literal]
        self._templates = tuple(
            _Template(_expression(path), by_path[path]) for path in sorted(templated, key=_openness)
        )

    def match(self, method: str, path: str) -> Matched:
        """A literal path wins over templates, and of these the one with more literal text."""
        allowed: set[str] = set()
        if methods := self._literal.get(path):
            if method in methods:
                return Matched(methods[method], {})
            raise _not_allowed(methods)
        for template in self._templates:
            if found := template.pattern.fullmatch(path):
                if operation := template.methods.get(method):
                    return Matched(operation, found.groupdict())
                allowed.update(template.methods)
        if allowed:
            raise _not_allowed(allowed)
        raise NotFound("there is nothing at this address")


def _not_allowed(methods: Iterable[str]) -> MethodNotAllowed:
    allow = tuple(sorted(methods))
    return MethodNotAllowed(f"this address takes {', '.join(allow)}", allow=allow)


def _expression(path: str) -> re.Pattern[str]:
    pieces = TEMPLATE.split(path)  # text, name, text, name, …, text
    return re.compile(
        "".join(f"(?P<{piece}>[^/]+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces))
    )


def _openness(path: str) -> tuple[int, int, str]:
    return len(TEMPLATE.findall(path)), -len(path), path
