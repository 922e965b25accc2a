"""The name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64  # comparing is quadratic, and nobody mistypes more


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'quantity'?`, or nothing when no known name is near."""
    found = get_close_matches(name[:_LONGEST], sorted(known), n=1)
    return f"; did you mean '{found[0]}'?" if found else ""


def listed(names: Iterable[object]) -> str:
    return ", ".join(f"'{name}'" for name in names)
