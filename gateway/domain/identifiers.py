"""Identifiers of ours: a prefix that names the kind, then a UUIDv7 in Crockford base32, so that they sort by time."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from uuid_utils import uuid7

Mint = Callable[[str], str]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)  # two digits cost as much as one


def mint(prefix: str) -> str:
    """`ord` -> `ord_01JD…`: the prefix, an underscore and 26 characters."""
    number = uuid7().int
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


_MINTED = re.compile(r"[a-z]+_([0-7][0-9A-HJKMNP-TV-Z]{25})(?![0-9A-Za-z])")


def minted_at(text: str) -> datetime | None:
    """When the identifier was made that *text* begins with, as our operation keys do; None: it begins with none."""
    found = _MINTED.match(text)
    if found is None:
        return None
    number = 0
    for digit in found[1]:
        number = number << 5 | _ALPHABET.index(digit)
    try:
        return datetime.fromtimestamp((number >> 80) / 1000, UTC)
    except (ValueError, OverflowError):  # it only looks like one of ours
        return None
