"""What a caller would like, as `Prefer` says it (RFC 7240): no obligation, so what cannot be read is passed over."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 30  # seconds that a request may wait

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_WORD = rf'(?:{_NAME}|"(?:[^"\\]|\\.)*+")'
_PARAMETER = rf"{_NAME}(?:[ \t]*+=[ \t]*+{_WORD})?+"
_PREFERENCE = re.compile(
    rf"[ \t]*+({_NAME})(?:[ \t]*+=[ \t]*+({_WORD}))?+(?:[ \t]*+;(?:[ \t]*+{_PARAMETER})?+)*+[ \t]*+"
)
_MEMBER = re.compile(r'(?:[^",]++|"(?:[^"\\]|\\.)*+(?:"|$))*+')  # commas inside quotes separate nothing


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the caller would wait, and what to call it in `Preference-Applied` once it was granted."""

    seconds: int
    applied: str


def wait_preferred(lines: Iterable[str]) -> Wait | None:
    """The `wait` of all *lines* of the header taken together. The first one counts, even when it cannot be read."""
    for member in _members(", ".join(lines)):
        found = _PREFERENCE.fullmatch(member)
        if found is not None and found[1].lower() == "wait":
            return _wait((found[2] or "").strip('"'))
    return None


def _members(text: str) -> Iterable[str]:
    at = 0
    while at <= len(text):
        found = _MEMBER.match(text, at)
        assert found is not None, "it matches the empty text, too"
        yield found[0]
        at = found.end() + 1


def _wait(text: str) -> Wait | None:
    if not (text.isascii() and text.isdigit()):
        return None
    asked = int(text) if len(text) <= 9 else LONGEST + 1
    return Wait(asked, f"wait={asked}") if asked <= LONGEST else Wait(LONGEST, "wait")
