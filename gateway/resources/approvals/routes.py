"""Approvals v1: four operations, each a thin way from the call to the store."""

import orjson
from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON
from gateway.resources.approvals import operations
from gateway.resources.approvals.deciding import ABSENT, Deciding
from gateway.resources.approvals.listing import page_of_approvals
from gateway.resources.approvals.views import approval_view
from gateway.resources.pages import PageTokens
from gateway.store.approval_rows import read_approval
from gateway.store.pool import Database


def approvals(database: Database, *, pages: PageTokens, mint: Mint) -> APIRouter:
    router = APIRouter(prefix="/v1/approvals", tags=["approvals"])
    _decisions(router, Deciding(database, mint))

    @router.get("", **operations.LIST_APPROVALS)
    async def list_approvals(request: Request) -> Response:
        return Response(await page_of_approvals(database, pages, call_of(request.scope)), media_type=JSON)

    @router.get("/{approval_id}", **operations.GET_APPROVAL)
    async def get_approval(request: Request) -> Response:
        call = call_of(request.scope)
        async with database.connection() as connection:
            found = await read_approval(connection, call.path_parameters["approval_id"])
        if found is None:
            raise NotFound(ABSENT)
        return Response(orjson.dumps(approval_view(found, call.caller)), media_type=JSON)

    return router


def _decisions(router: APIRouter, deciding: Deciding) -> None:
    @router.post("/{approval_id}/approve", **operations.APPROVE_APPROVAL)
    async def approve_approval(request: Request) -> Response:
        return Response(*(await deciding.decide(call_of(request.scope), "approved")).sent)

    @router.post("/{approval_id}/reject", **operations.REJECT_APPROVAL)
    async def reject_approval(request: Request) -> Response:
        return Response(*(await deciding.decide(call_of(request.scope), "rejected")).sent)
