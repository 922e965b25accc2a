"""Lists page by page: what a question means, and the token that leads to the next page of its answer."""

from datetime import UTC, datetime
from typing import Any, get_args

from gateway.context import Call
from gateway.refusals import NotFound
from gateway.resources.answers import whose
from gateway.resources.order_facts import OrderEventType
from gateway.resources.orders.views import event_page, order_page
from gateway.resources.pages import PageTokens, page_size
from gateway.store.order_lists import Wanted, list_orders
from gateway.store.order_views import list_events
from gateway.store.pool import Database

# Everything but size and token: the parameters that a page token is bound to.
_FILTERS = ("channel_id", "channel_order_id", "placed_from", "placed_before")
_KNOWN = frozenset(get_args(OrderEventType))  # of a newer version's types this one has no words


async def page_of_orders(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token = page_size(call.query), call.query.get("page_token")
    statuses = tuple(sorted(call.query.get("status", ())))
    question = ("list_orders", call.caller.account, ",".join(statuses), *(call.query.get(name) for name in _FILTERS))
    after = tuple(await pages.open(token, question, now=call.now)) if token else None
    rows = await list_orders(database, _wanted(call, statuses), after=after, limit=size + 1)
    shown = rows[:size]
    if len(rows) == len(shown):
        return order_page(shown, "")
    last = [shown[-1].stands_at.isoformat(), shown[-1].order_id]
    return order_page(shown, await pages.seal(question, last, now=call.now))


def _wanted(call: Call, statuses: tuple[str, ...]) -> Wanted:
    query = call.query
    return Wanted(
        whose(call),
        statuses,
        channel_id=query.get("channel_id"),
        channel_order_id=query.get("channel_order_id"),
        placed_from=_moment(query.get("placed_from")),
        placed_before=_moment(query.get("placed_before")),
    )


def _moment(text: Any) -> datetime | None:
    """In UTC, since PostgreSQL knows fewer offsets than RFC 3339."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


async def page_of_events(database: Database, pages: PageTokens, call: Call, *, absent: str) -> bytes:
    """Raises `NotFound`: an order that was accepted has at least one event."""
    size, token, order_id = page_size(call.query), call.query.get("page_token"), call.path_parameters["order_id"]
    question = ("list_order_events", call.caller.account, order_id)
    after = await pages.open(token, question, now=call.now) if token else 0
    rows = await list_events(database, order_id, partner=whose(call), after=after, limit=size + 1)
    if not rows and after == 0:
        raise NotFound(absent)
    shown = rows[:size]
    following = await pages.seal(question, shown[-1].sequence, now=call.now) if len(rows) > size else ""
    return event_page([row for row in shown if row.type in _KNOWN], following)
