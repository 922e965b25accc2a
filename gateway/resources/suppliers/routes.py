"""Suppliers v1: its operations, each a thin way from the call to the store."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.resources.answers import JSON
from gateway.resources.conditional import fresh_or_known, if_match
from gateway.resources.pages import PageTokens
from gateway.resources.suppliers import operations
from gateway.resources.suppliers.onboarding import Onboarding
from gateway.resources.suppliers.views import page_of_suppliers, seen_supplier, told_supplier
from gateway.store.pool import Database


def suppliers(database: Database, *, pages: PageTokens, public: str, mint: Mint) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1/suppliers", tags=["suppliers"])
    _onboarding(router, Onboarding(database, public, mint))
    _reading(router, database, pages)
    return router


def _onboarding(router: APIRouter, onboarding: Onboarding) -> None:
    @router.post("", **operations.CREATE_SUPPLIER)
    async def create_supplier(request: Request) -> Response:
        return Response(*(await onboarding.create(call_of(request.scope))).sent)

    @router.post("/{supplier_id}/capabilities", **operations.SET_CAPABILITIES)
    async def set_supplier_capabilities(request: Request) -> Response:
        return Response(*(await onboarding.set_capabilities(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{supplier_id}/partner", **operations.LINK_SUPPLIER)
    async def link_supplier(request: Request) -> Response:
        return Response(*(await onboarding.link(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{supplier_id}/status", **operations.MOVE_SUPPLIER)
    async def move_supplier(request: Request) -> Response:
        return Response(*(await onboarding.move(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{supplier_id}/approve", **operations.APPROVE_SUPPLIER)
    async def approve_supplier(request: Request) -> Response:
        return Response(*(await onboarding.approve(call_of(request.scope), if_match=if_match(request))).sent)


def _reading(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("", **operations.LIST_SUPPLIERS)
    async def list_suppliers(request: Request) -> Response:
        return Response(await page_of_suppliers(database, pages, call_of(request.scope)), 200, None, JSON)

    @router.get("/{supplier_id}", **operations.GET_SUPPLIER)
    async def get_supplier(request: Request) -> Response:
        async with database.connection() as connection:
            found = await seen_supplier(connection, call_of(request.scope))
        return fresh_or_known(request, told_supplier(found))
