"""Lists page by page: what a question means, and the token that leads to the next page of its answer."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args

from gateway.context import Call
from gateway.refusals import NotFound
from gateway.resources.answers import whose
from gateway.resources.order_facts import OrderEventType
from gateway.resources.orders.views import event_page, order_page
from gateway.resources.pages import PageTokens
from gateway.store.order_lists import Wanted, list_orders
from gateway.store.order_views import list_events
from gateway.store.pool import Database

# Everything but size and token: the parameters that a page token is bound to.
_FILTERS = ("channel_id", "channel_order_id", "placed_from", "placed_before")
_KNOWN = frozenset(get_args(OrderEventType))  # of a newer version's types this one has no words


async def page_of_orders(database: Database, pages: PageTokens, call: Call) -> bytes:
    statuses = tuple(sorted(call.query.get("status", ())))
    question = ("list_orders", call.caller.account, ",".join(statuses), *(call.query.get(name) for name in _FILTERS))
    found = partial(list_orders, database, _wanted(call, statuses))
    return order_page(*await pages.page(call, question, found, end=lambda row: (row.stands_at, row.order_id)))


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
    order_id = call.path_parameters["order_id"]
    question = ("list_order_events", call.caller.account, order_id)
    found = partial(list_events, database, order_id, partner=whose(call))
    rows, following = await pages.page(call, question, found, end=lambda row: row.sequence)
    if not rows and not call.query.get("page_token"):
        raise NotFound(absent)
    return event_page([row for row in rows if row.type in _KNOWN], following)
