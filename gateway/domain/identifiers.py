"""Identifiers of ours: a prefix that names the kind, then a UUIDv7 in Crockford base32, so that they sort by time."""

from collections.abc import Callable

from uuid_utils import uuid7

Mint = Callable[[str], str]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def mint(prefix: str) -> str:
    """`ord` -> `ord_01JD…`: the prefix, an underscore and 26 characters."""
    number = uuid7().int
    digits = [_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(digits)}"
