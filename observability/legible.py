"""Header values may hold any byte; OpenTelemetry's instrumentation fails on some before a stage of ours sees them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

_READ = frozenset({b"host", b"user-agent", b"content-length", b"traceparent", b"tracestate"})


class Legible:
    """Says in UTF-8 what the instrumentation reads and is in Latin-1. No stage reads these for their text."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not all(value.isascii() for _, value in scope["headers"]):
            scope = {**scope, "headers": [(name, _said_anew(name, value)) for name, value in scope["headers"]]}
        await self.app(scope, receive, send)


def _said_anew(name: bytes, value: bytes) -> bytes:
    return value.decode("latin-1").encode() if name in _READ else value
