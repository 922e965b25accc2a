"""What a problem's `type` leads to: its meaning and what to do about it, for programs and for people."""

from html import escape
from typing import Any

from gateway.edge.catalogue import REMEDIES
from gateway.edge.document import address_of, title
from gateway.errors import GatewayError, Misconfigured, catalogue

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
{content}
</body>
</html>
"""


def entries(public: str) -> dict[str, dict[str, Any]]:
    """Every problem that can go over HTTP, by its code."""
    return {kind.code: _entry(kind, public) for kind in catalogue() if not issubclass(kind, Misconfigured)}


def page_of(entry: dict[str, Any]) -> str:
    again = "The same request may be sent again." if entry["retryable"] else "Sending it again as it is does not help."
    content = (
        f"<p>Status {entry['status']}, code <code>{escape(entry['code'])}</code>. {again}</p>\n"
        f"<p>{escape(entry['remedy'])}</p>\n"
        '<p><a href="/problems">All problems</a></p>'
    )
    return _PAGE.format(title=escape(entry["title"]), content=content)


def page_of_all(known: dict[str, dict[str, Any]]) -> str:
    items = "\n".join(
        f'<li><a href="/problems/{escape(code)}">{escape(code)}</a>: {escape(entry["title"])}</li>'
        for code, entry in sorted(known.items())
    )
    return _PAGE.format(title="What Omnigate can refuse or fail to do", content=f"<ul>\n{items}\n</ul>")


def _entry(kind: type[GatewayError], public: str) -> dict[str, Any]:
    return {
        "type": address_of(public, kind.code),
        "code": kind.code,
        "title": title(kind),
        "status": kind.status,
        "retryable": kind.retryable,
        "remedy": REMEDIES[kind.code],
    }
