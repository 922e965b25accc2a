"""The strict gate before any JOSE library: a token in exactly the form that we issue, or none at all."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from gateway.refusals import InvalidToken

LONGEST = 8192
_PART = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = {"alg", "typ", "kid"}
_TYPES = ("at+jwt", "application/at+jwt")


@dataclass(frozen=True, slots=True)
class Parts:
    algorithm: str
    kid: str


def take_apart(token: str) -> Parts:
    """Size, three parts of canonical base64url, a header of known names only. Nothing is believed yet."""
    if len(token) > LONGEST:
        raise InvalidToken(f"the token is longer than {LONGEST} characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidToken("the token does not have three parts")
    header, _, _ = (_decoded(part) for part in parts)
    fields = strict_object(header)
    if fields.keys() != _HEADER or not all(isinstance(value, str) for value in fields.values()):
        raise InvalidToken("the token's header must have 'alg', 'typ' and 'kid', and nothing else")
    if fields["typ"].lower() not in _TYPES:
        raise InvalidToken("the token is not an access token (typ 'at+jwt')")
    return Parts(fields["alg"], fields["kid"])


def strict_object(text: bytes) -> dict[str, Any]:
    """A JSON object without duplicate names, `NaN` or `Infinity`."""
    try:
        value = _DECODER.decode(text.decode())
    except (ValueError, RecursionError):
        raise InvalidToken("the token does not hold the JSON it should") from None
    if not isinstance(value, dict):
        raise InvalidToken("the token does not hold a JSON object")
    return value


def _decoded(part: str) -> bytes:
    if not _PART.fullmatch(part):
        raise InvalidToken("the token is not base64url without padding")
    try:
        plain = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise InvalidToken("the token is not base64url without padding") from None
    if base64.urlsafe_b64encode(plain).rstrip(b"=") != part.encode():
        raise InvalidToken("the token is not canonical base64url")  # spare bits: two texts, one meaning
    return plain


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
