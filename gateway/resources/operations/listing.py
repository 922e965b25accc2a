"""Lists of exceptions page by page: the ones that are due first come first."""

from functools import partial

import orjson

from gateway.context import Call
from gateway.resources.operations.views import exception_view
from gateway.resources.pages import PageTokens
from gateway.store.exceptions import Sought, list_exceptions
from gateway.store.mending import Mendables
from gateway.store.pool import Database

# Everything but size and token: the parameters that a page token is bound to.
_FILTERS = ("state", "class", "code", "owner", "subject")


async def page_of_exceptions(database: Database, pages: PageTokens, call: Call, mendables: Mendables) -> bytes:
    filters = [call.query.get(name) for name in _FILTERS]
    question = ("list_exceptions", call.caller.account, *filters)
    found = partial(list_exceptions, database, Sought(*filters))
    rows, following = await pages.page(call, question, found, end=lambda row: (row.due_at, row.exception_id))
    views = [exception_view(row, mendables) for row in rows]
    return orjson.dumps({"exceptions": views, "next_page_token": following})
