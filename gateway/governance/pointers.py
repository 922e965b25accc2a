"""
Where a fault is.

`#/lines/0/quantity` is a place in the caller's own document: a JSON pointer as a URI fragment, as RFC 9457 has it.
`/query/page_size`, `/path/order_id` and `/header/webhook-id` are places in the request around it.
"""

from collections.abc import Iterable
from urllib.parse import quote

_LONGEST = 64  # characters of one name: the caller's own, so no more than helps to find it


def body_pointer(parts: Iterable[str | int]) -> str:
    return f"#{around_pointer(parts)}"


def around_pointer(parts: Iterable[str | int]) -> str:
    """For the caller: long names are cut short."""
    return "".join(f"/{_escaped(_short(str(part)))}" for part in parts)


def plain_pointer(parts: Iterable[str | int]) -> str:
    """For us: every name whole."""
    return "".join(f"/{_escaped(str(part))}" for part in parts)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def _escaped(name: str) -> str:
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@")
