"""Orders v1: its operations, each a thin way from the call to the store."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON
from gateway.resources.conditional import if_match
from gateway.resources.orders import operations
from gateway.resources.orders.cancelling import cancel
from gateway.resources.orders.explaining import decisions_of
from gateway.resources.orders.handing_over import HandingOver, Waiver
from gateway.resources.orders.holding import Holding
from gateway.resources.orders.listing import page_of_events, page_of_orders
from gateway.resources.orders.offering import Offering
from gateway.resources.orders.once import Once
from gateway.resources.orders.placing import Decide, accepted, admitted, conflicting, permit
from gateway.resources.orders.views import order_view
from gateway.resources.orders.waiting import Waiting
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of, is_known
from gateway.resources.preferences import wait_preferred
from gateway.store.decisions import Decisions
from gateway.store.placing import Taken, place
from gateway.store.pool import Database

_ABSENT = "there is no such order"
_MINE_ALONE = {"cache-control": "private, no-cache", "vary": "Prefer"}  # may be kept by the caller, and asked about


def orders(
    database: Database,
    *,
    public: str,
    pages: PageTokens,
    decide: Decide,
    waiver: Waiver,
    mint: Mint,
    decisions: Decisions,
) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    once = Once(database, mint, _ABSENT)
    router = APIRouter(prefix="/v1/orders", tags=["orders"])
    _commands(router, database, public=public, decide=decide, mint=mint)
    _questions(router, database, pages)
    _reading(router, Waiting(database, decisions))
    _holds(router, Holding(once))
    _answers(router, Offering(once), HandingOver(once, waiver))
    return router


def _commands(router: APIRouter, database: Database, *, public: str, decide: Decide, mint: Mint) -> None:
    @router.post("", **operations.PLACE_ORDER)
    async def place_order(request: Request) -> Response:
        call = call_of(request.scope)
        permit(call, decide)
        if call.given_before:
            return Response(*call.given_before.answer.sent)
        order = admitted(call, mint("ord"))
        outcome = await place(database, call, accepted(call, order, public=public, mint=mint))
        if isinstance(outcome, Taken):
            raise conflicting(call, outcome)
        return Response(*outcome.sent)

    @router.post("/{order_id}/cancel", **operations.CANCEL_ORDER)
    async def cancel_order(request: Request) -> Response:
        answer = await cancel(database, call_of(request.scope), if_match=if_match(request), public=public, mint=mint)
        return Response(*answer.sent)


def _questions(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("", **operations.LIST_ORDERS)
    async def list_orders(request: Request) -> Response:
        return _told(await page_of_orders(database, pages, call_of(request.scope)))

    @router.get("/{order_id}/events", **operations.LIST_ORDER_EVENTS)
    async def list_order_events(request: Request) -> Response:
        return _told(await page_of_events(database, pages, call_of(request.scope), absent=_ABSENT))

    @router.get("/{order_id}/decisions", **operations.LIST_ORDER_DECISIONS)
    async def list_order_decisions(request: Request) -> Response:
        return _told(await decisions_of(database, call_of(request.scope), absent=_ABSENT))


def _holds(router: APIRouter, holding: Holding) -> None:
    @router.get("/{order_id}/holds", **operations.LIST_ORDER_HOLDS)
    async def list_order_holds(request: Request) -> Response:
        return _told(await holding.listed(call_of(request.scope)))

    @router.post("/{order_id}/holds", **operations.PLACE_ORDER_HOLD)
    async def place_order_hold(request: Request) -> Response:
        return Response(*(await holding.place(call_of(request.scope))).sent)

    @router.post("/{order_id}/holds/{hold_id}/release", **operations.RELEASE_ORDER_HOLD)
    async def release_order_hold(request: Request) -> Response:
        return Response(*(await holding.release(call_of(request.scope))).sent)


def _answers(router: APIRouter, offering: Offering, handing_over: HandingOver) -> None:
    @router.post("/{order_id}/offers/{offer_id}/accept", **operations.ACCEPT_ORDER_OFFER)
    async def accept_order_offer(request: Request) -> Response:
        return Response(*(await offering.accept(call_of(request.scope))).sent)

    @router.post("/{order_id}/offers/{offer_id}/decline", **operations.DECLINE_ORDER_OFFER)
    async def decline_order_offer(request: Request) -> Response:
        return Response(*(await offering.decline(call_of(request.scope))).sent)

    @router.post("/{order_id}/fulfilments/{fulfilment_id}/collect", **operations.COLLECT_FULFILMENT)
    async def collect_fulfilment(request: Request) -> Response:
        return Response(*(await handing_over.collect(call_of(request.scope))).sent)


def _reading(router: APIRouter, waiting: Waiting) -> None:
    @router.get("/{order_id}", **operations.GET_ORDER)
    async def get_order(request: Request) -> Response:
        wait = wait_preferred(request.headers.getlist("prefer"))
        has = request.headers.getlist("if-none-match")
        row, waited = await waiting.order(call_of(request.scope), wait, lambda row: is_known(etag_of(row.version), has))
        if row is None:
            raise NotFound(_ABSENT)
        etag = etag_of(row.version)
        headers = {**_MINE_ALONE, "etag": etag}
        if wait is not None and waited:
            headers["preference-applied"] = wait.applied
        if is_known(etag, has):
            return Response(None, 304, headers)
        return _told(order_view(row), headers)


def _told(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, 200, headers, JSON)
