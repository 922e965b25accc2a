"""Orders v1: five operations, each a thin way from the call to the store."""

from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request, Response

from gateway.context import Answer, Call, call_of
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON, whose
from gateway.resources.orders import operations
from gateway.resources.orders.cancelling import cancel
from gateway.resources.orders.placing import Decide, accepted, admitted, conflicting, permit
from gateway.resources.orders.views import event_page, order_page, order_view
from gateway.resources.pages import PageTokens, page_size
from gateway.store import order_views
from gateway.store.gathered import Gathered
from gateway.store.placing import Taken, place
from gateway.store.pool import Database

_ABSENT = "there is no such order"


def orders(database: Database, *, public: str, pages: PageTokens, decide: Decide, mint: Mint) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1/orders", tags=["orders"])
    _commands(router, database, public=public, decide=decide, mint=mint)
    _questions(router, database, pages)
    return router


def _commands(router: APIRouter, database: Database, *, public: str, decide: Decide, mint: Mint) -> None:
    @router.post("", **operations.PLACE_ORDER)
    async def place_order(request: Request) -> Response:
        call = call_of(request.scope)
        permit(call, decide)
        if call.given_before:
            return _sent(call.given_before.answer)
        order = admitted(call, mint("ord"))
        outcome = await place(database, call, accepted(call, order, public=public, mint=mint))
        if isinstance(outcome, Taken):
            raise conflicting(call, outcome)
        return _sent(outcome)

    @router.post("/{order_id}/cancel", **operations.CANCEL_ORDER)
    async def cancel_order(request: Request) -> Response:
        return _sent(await cancel(database, call_of(request.scope), public=public, mint=mint))


def _questions(router: APIRouter, database: Database, pages: PageTokens) -> None:
    stored = Gathered(partial(order_views.read_orders, database))

    @router.get("", **operations.LIST_ORDERS)
    async def list_orders(request: Request) -> Response:
        return _told(await _orders(database, pages, call_of(request.scope)))

    @router.get("/{order_id}", **operations.GET_ORDER)
    async def get_order(request: Request) -> Response:
        call = call_of(request.scope)
        row = await stored.get((call.path_parameters["order_id"], whose(call)))
        if row is None:
            raise NotFound(_ABSENT)
        return _told(order_view(row), {"etag": f'"{row.version}"'})

    @router.get("/{order_id}/events", **operations.LIST_ORDER_EVENTS)
    async def list_order_events(request: Request) -> Response:
        return _told(await _events(database, pages, call_of(request.scope)))


def _sent(answer: Answer) -> Response:
    replayed = {"idempotent-replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, {**answer.headers, **replayed})


def _told(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, 200, headers, JSON)


async def _orders(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token, named = page_size(call.query), call.query.get("page_token"), call.query.get("channel_order_id")
    question = ("list_orders", call.caller.partner, named)
    after = await pages.open(token, question, now=call.now) if token else order_views.FIRST
    rows = await order_views.list_orders(
        database, partner=whose(call), channel_order_id=named, after=after, limit=size + 1
    )
    shown = rows[:size]
    following = await pages.seal(question, shown[-1].order_id, now=call.now) if len(rows) > size else ""
    return order_page(shown, following)


async def _events(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token, order_id = page_size(call.query), call.query.get("page_token"), call.path_parameters["order_id"]
    question = ("list_order_events", call.caller.partner, order_id)
    after = await pages.open(token, question, now=call.now) if token else 0
    rows = await order_views.list_events(database, order_id, partner=whose(call), after=after, limit=size + 1)
    if not rows and after == 0:
        raise NotFound(_ABSENT)
    shown = rows[:size]
    following = await pages.seal(question, shown[-1].sequence, now=call.now) if len(rows) > size else ""
    return event_page(shown, following)
