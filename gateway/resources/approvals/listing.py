"""Lists of approvals page by page, the newest first."""

import orjson

from gateway.context import Call
from gateway.resources.approvals.views import approval_view
from gateway.resources.pages import PageTokens, page_size
from gateway.store.approval_lists import Sought, list_approvals
from gateway.store.pool import Database

# Everything but size and token: the parameters that a page token is bound to.
_FILTERS = ("status", "kind", "subject")


async def page_of_approvals(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token = page_size(call.query), call.query.get("page_token")
    status, kind, subject = filters = [call.query.get(name) for name in _FILTERS]
    mine = call.caller if call.query.get("mine") else None
    question = ("list_approvals", call.caller.account, *filters, "mine" if mine else None)
    after = await pages.open(token, question, now=call.now) if token else None
    rows = await list_approvals(database, Sought(status, kind, subject, mine), after=after, limit=size + 1)
    shown, following = rows[:size], ""
    if len(rows) > size:
        following = await pages.seal(question, shown[-1].approval_id, now=call.now)
    views = [approval_view(row, call.caller) for row in shown]
    return orjson.dumps({"approvals": views, "next_page_token": following})
