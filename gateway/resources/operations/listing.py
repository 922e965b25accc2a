"""Lists of exceptions page by page: the ones that are due first come first."""

from datetime import datetime

import orjson

from gateway.context import Call
from gateway.resources.operations.views import exception_view
from gateway.resources.pages import PageTokens, page_size
from gateway.store.exceptions import After, Sought, list_exceptions
from gateway.store.mending import Mendables
from gateway.store.pool import Database

# Everything but size and token: the parameters that a page token is bound to.
_FILTERS = ("state", "class", "code", "owner", "subject")


async def page_of_exceptions(database: Database, pages: PageTokens, call: Call, mendables: Mendables) -> bytes:
    size, token = page_size(call.query), call.query.get("page_token")
    filters = [call.query.get(name) for name in _FILTERS]
    question = ("list_exceptions", call.caller.account, *filters)
    after = _place(await pages.open(token, question, now=call.now)) if token else None
    rows = await list_exceptions(database, Sought(*filters), after=after, limit=size + 1)
    shown = rows[:size]
    following = ""
    if len(rows) > size:
        last = [shown[-1].due_at.isoformat(), shown[-1].exception_id]
        following = await pages.seal(question, last, now=call.now)
    views = [exception_view(row, mendables) for row in shown]
    return orjson.dumps({"exceptions": views, "next_page_token": following})


def _place(last: list[str]) -> After:
    return datetime.fromisoformat(last[0]), last[1]
