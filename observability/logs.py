"""Log lines: JSON, one per event, redacted, with the trace they belong to. Libraries' own lines take the same way."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import Processor

from observability.failures import describe_failure
from observability.redaction import redact
from observability.tracing import trace_id


def configure(*, level: str = "INFO", stream: BinaryIO | None = None, remember: bool = False) -> None:
    """All lines go to *stream* as JSON. *remember*: loggers keep this for ever; faster, but not for tests."""
    out = stream or sys.stdout.buffer
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*_SHARED, describe_failure, redact, _stamp, _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(out),
        cache_logger_on_first_use=remember,
    )
    handler = logging.StreamHandler(_Text(out))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                describe_failure,
                redact,
                _stamp,
                _render_text,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))  # libraries speak up only when something is wrong


def _with_trace(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if "trace_id" not in event and (current := trace_id()):
        event["trace_id"] = current
    return event


def _render(logger: object, method: str, event: MutableMapping[str, Any]) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _render_text(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    return _render(logger, method, event).decode()


class _Text:
    """The byte stream, as the standard library's handler wants it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> None:
        self._out.write(text.encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        self._out.flush()


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    _with_trace,
]
_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)  # ours, so nothing to redact in it
