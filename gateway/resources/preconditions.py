"""Conditional requests (RFC 9110, 13): the version a caller knows, compared with the one there is."""

import re
from collections.abc import Sequence

from gateway.refusals import Malformed

_TAG = r'(W/)?("[\x21\x23-\x7e\x80-\xff]*+")'
_TAGS = re.compile(_TAG)
_LIST = re.compile(rf"(?:[ \t]*+,)*+[ \t]*+{_TAG}(?:[ \t]*+,(?:[ \t]*+{_TAG})?+)*+[ \t]*+")


def etag_of(version: int) -> str:
    return f'"{version}"'


def is_known(etag: str, lines: Sequence[str]) -> bool:
    """Does `If-None-Match` name what is there? Compared weakly; what cannot be read names nothing."""
    text = ", ".join(lines)
    return text.strip(" \t") == "*" or (_LIST.fullmatch(text) is not None and etag in _tags(text, weak=True))


def tags_expected(lines: Sequence[str]) -> frozenset[str] | None:
    """What `If-Match` would accept, compared strongly: a weak tag matches nothing. None: it is absent, or `*`."""
    text = ", ".join(lines)
    if not lines or text.strip(" \t") == "*":
        return None
    if _LIST.fullmatch(text) is None:
        raise Malformed("the header 'if-match' is neither '*' nor a list of entity tags like \"3\"")
    return frozenset(_tags(text, weak=False))


def _tags(text: str, *, weak: bool) -> list[str]:
    return [tag for prefix, tag in _TAGS.findall(text) if weak or not prefix]
