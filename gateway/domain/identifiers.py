"""Identifiers of ours: a prefix that names the kind, then a UUIDv7 in Crockford base32, so that they sort by time."""

from collections.abc import Callable

from uuid_utils import uuid7

Mint = Callable[[str], str]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)  # two digits cost as much as one


def mint(prefix: str) -> str:
    """`ord` -> `ord_01JD…`: the prefix, an underscore and 26 characters."""
    number = uuid7().int
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"
