"""W3C Trace Context, as far as a caller's headers are believed: one well-formed `traceparent`, or none."""

import re
from collections.abc import Iterable

_TRACEPARENT = re.compile(rb"[ \t]*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?[ \t]*")
_NO_TRACE, _NO_SPAN = b"0" * 32, b"0" * 16


def continued(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """The id of the trace that the caller began; None when it named none, or not so that everybody reads it alike."""
    values = [value for name, value in headers if name == b"traceparent"]
    found = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        return None
    version, trace, span, more = found.groups()
    if version == b"ff" or (version == b"00" and more) or trace == _NO_TRACE or span == _NO_SPAN:
        return None
    return int(trace, 16)
