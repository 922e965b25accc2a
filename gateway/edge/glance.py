"""
A look at bytes that have just arrived, for a process that is full: are they one whole request, beyond any doubt?

Then they may be refused and forgotten without being parsed: the parser is where it was, between two requests. Whatever
could be read in two ways (more or less than one request, a coded path, an odd length, a stray control character) is not
for a glance.
"""

import re
from typing import NamedTuple

_PLAIN = re.compile(  # no two parts of it can match the same byte: it never goes back
    rb"(GET|POST) (/[!-\"$&-~]*) HTTP/1\.1((?:\r\n[A-Za-z0-9-]+: [ -~]*)+)\r\n\r\n"
)
_DOUBTFUL = re.compile(rb"\r\n(?:transfer-encoding|expect|upgrade|connection)")
_LENGTH, _CREDENTIAL = b"\r\ncontent-length: ", b"\r\nauthorization: "
_MOST_DIGITS = 6


class Glimpse(NamedTuple):
    method: str
    path: str
    credential: bytes | None


def glance(data: bytes) -> Glimpse | None:
    """What *data* asks for, if it is exactly one request of the plainest kind."""
    plain = _PLAIN.match(data)
    if plain is None:
        return None
    method, target, fields = plain.groups()
    lower = fields.lower()
    if _DOUBTFUL.search(lower):
        return None
    length = _value(lower, lower, _LENGTH)
    if method == b"GET":
        whole = length is None and len(data) == plain.end()
    else:
        whole = length is not None and _is_exactly(length, len(data) - plain.end())
    if not whole or lower.count(b"content-length") > 1:
        return None
    return Glimpse(method.decode(), target.partition(b"?")[0].decode(), _value(fields, lower, _CREDENTIAL))


def _is_exactly(length: bytes, size: int) -> bool:
    return length.isdigit() and len(length) <= _MOST_DIGITS and int(length) == size


def _value(fields: bytes, lower: bytes, name: bytes) -> bytes | None:
    at = lower.find(name)
    if at < 0:
        return None
    at += len(name)
    end = fields.find(b"\r\n", at)
    return fields[at:] if end < 0 else fields[at:end]
