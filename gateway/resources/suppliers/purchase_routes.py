"""Purchase orders of Suppliers v1: their operations, each a thin way from the call to the store."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.confirmations import Tolerances
from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.resources.answers import JSON, whose
from gateway.resources.conditional import fresh_or_known, if_match
from gateway.resources.pages import PageTokens
from gateway.resources.suppliers import purchase_operations as operations
from gateway.resources.suppliers.confirming import Confirming
from gateway.resources.suppliers.purchase_views import page_of_orders, revision_told, seen_order, told_order
from gateway.resources.suppliers.purchasing import Purchasing
from gateway.store.pool import Database


def purchase_orders(
    database: Database,
    *,
    pages: PageTokens,
    policy: ApprovalPolicy,
    tolerances: Tolerances,
    matching: MatchingRules,
    public: str,
    mint: Mint,
) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1/purchase-orders", tags=["purchase-orders"])
    _writing(router, Purchasing(database, policy, matching, public, mint))
    _confirming(router, Confirming(database, tolerances, mint))
    _reading(router, database, pages)
    return router


def _writing(router: APIRouter, purchasing: Purchasing) -> None:
    @router.post("", **operations.CREATE_ORDER)
    async def create_purchase_order(request: Request) -> Response:
        return Response(*(await purchasing.create(call_of(request.scope))).sent)

    @router.post("/{po_id}/revisions", **operations.REVISE_ORDER)
    async def revise_purchase_order(request: Request) -> Response:
        return Response(*(await purchasing.revise(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{po_id}/submit", **operations.SUBMIT_ORDER)
    async def submit_purchase_order(request: Request) -> Response:
        return Response(*(await purchasing.submit(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{po_id}/issue", **operations.ISSUE_ORDER)
    async def issue_purchase_order(request: Request) -> Response:
        return Response(*(await purchasing.issue(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{po_id}/cancel", **operations.CANCEL_ORDER)
    async def cancel_purchase_order(request: Request) -> Response:
        return Response(*(await purchasing.cancel(call_of(request.scope), if_match=if_match(request))).sent)


def _confirming(router: APIRouter, confirming: Confirming) -> None:
    @router.post("/{po_id}/confirmations", **operations.CONFIRM_ORDER)
    async def confirm_purchase_order(request: Request) -> Response:
        return Response(*(await confirming.confirm(call_of(request.scope))).sent)

    @router.post("/{po_id}/confirmations/{confirmation_id}/decision", **operations.DECIDE_CONFIRMATION)
    async def decide_confirmation(request: Request) -> Response:
        return Response(*(await confirming.decide(call_of(request.scope), if_match=if_match(request))).sent)


def _reading(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("", **operations.LIST_ORDERS)
    async def list_purchase_orders(request: Request) -> Response:
        return Response(await page_of_orders(database, pages, call_of(request.scope)), 200, None, JSON)

    @router.get("/{po_id}", **operations.GET_ORDER)
    async def get_purchase_order(request: Request) -> Response:
        call = call_of(request.scope)
        async with database.connection() as connection:
            answer = told_order(await seen_order(connection, call), call)
        return fresh_or_known(request, answer)

    @router.get("/{po_id}/revisions/{revision}", **operations.GET_REVISION)
    async def get_purchase_order_revision(request: Request) -> Response:
        call = call_of(request.scope)
        async with database.connection() as connection:
            found = await seen_order(connection, call, revision=int(call.path_parameters["revision"]))
        return Response(revision_told(found, inside=whose(call) is None), 200, None, JSON)
