"""Returns v1: its operations, each a thin way from the call to the store."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.returns_policy import ReturnsPolicy
from gateway.resources.answers import JSON
from gateway.resources.conditional import fresh_or_known
from gateway.resources.pages import PageTokens
from gateway.resources.returns import operations
from gateway.resources.returns.asking import Asking
from gateway.resources.returns.counting import Counting
from gateway.resources.returns.views import page_of_returns, seen, told
from gateway.store.pool import Database


def returns(
    database: Database,
    *,
    pages: PageTokens,
    policy: ReturnsPolicy,
    inventory: InventoryPolicy,
    public: str,
    mint: Mint,
) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1/returns", tags=["returns"])
    _asking(router, Asking(database, policy, public, mint))
    _counting(router, Counting(database, inventory, mint))
    _reading(router, database, pages)
    return router


def _asking(router: APIRouter, asking: Asking) -> None:
    @router.post("/eligibility", **operations.CHECK_RETURN_ELIGIBILITY)
    async def check_return_eligibility(request: Request) -> Response:
        return Response(await asking.eligibility(call_of(request.scope)), 200, None, JSON)

    @router.post("", **operations.REQUEST_RETURN)
    async def request_return(request: Request) -> Response:
        return Response(*(await asking.request(call_of(request.scope))).sent)


def _counting(router: APIRouter, counting: Counting) -> None:
    @router.post("/unannounced-receipts", **operations.RECEIVE_UNANNOUNCED)
    async def receive_unannounced(request: Request) -> Response:
        return Response(*(await counting.unannounced(call_of(request.scope))).sent)

    @router.post("/{return_id}/receipts", **operations.RECEIVE_RETURN)
    async def receive_return(request: Request) -> Response:
        return Response(*(await counting.receive(call_of(request.scope))).sent)

    @router.post("/{return_id}/inspections", **operations.INSPECT_RETURN)
    async def inspect_return(request: Request) -> Response:
        return Response(*(await counting.inspect(call_of(request.scope))).sent)

    @router.post("/{return_id}/cancel", **operations.CANCEL_RETURN)
    async def cancel_return(request: Request) -> Response:
        return Response(*(await counting.cancel(call_of(request.scope))).sent)


def _reading(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("", **operations.LIST_RETURNS)
    async def list_returns(request: Request) -> Response:
        return Response(await page_of_returns(database, pages, call_of(request.scope)), 200, None, JSON)

    @router.get("/{return_id}", **operations.GET_RETURN)
    async def get_return(request: Request) -> Response:
        async with database.connection() as connection:
            found = await seen(connection, call_of(request.scope))
        return fresh_or_known(request, told(found))
