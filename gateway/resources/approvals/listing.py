"""Lists of approvals page by page, the newest first."""

from functools import partial

import orjson

from gateway.context import Call
from gateway.resources.approvals.views import approval_view
from gateway.resources.pages import PageTokens
from gateway.store.approval_lists import Sought, list_approvals
from gateway.store.pool import Database

# Everything but size and token: the parameters that a page token is bound to.
_FILTERS = ("status", "kind", "subject")


async def page_of_approvals(database: Database, pages: PageTokens, call: Call) -> bytes:
    status, kind, subject = filters = [call.query.get(name) for name in _FILTERS]
    mine = call.caller if call.query.get("mine") else None
    question = ("list_approvals", call.caller.account, *filters, "mine" if mine else None)
    found = partial(list_approvals, database, Sought(status, kind, subject, mine))
    rows, following = await pages.page(call, question, found, end=lambda row: row.approval_id)
    views = [approval_view(row, call.caller) for row in rows]
    return orjson.dumps({"approvals": views, "next_page_token": following})
