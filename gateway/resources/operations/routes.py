"""Operations v1: four operations, each a thin way from the call to the store."""

import orjson
from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON
from gateway.resources.conditional import if_match
from gateway.resources.operations import operations
from gateway.resources.operations.listing import page_of_exceptions
from gateway.resources.operations.mending import Bench
from gateway.resources.operations.views import exception_view
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of
from gateway.store.exceptions import read_exception
from gateway.store.mending import Mendables
from gateway.store.pool import Database


def exceptions(database: Database, *, pages: PageTokens, mendables: Mendables, mint: Mint) -> APIRouter:
    """*mendables*: what the actions of each class of exceptions do."""
    router = APIRouter(prefix="/v1/exceptions", tags=["exceptions"])
    _commands(router, Bench(database, mendables, mint))

    @router.get("", **operations.LIST_EXCEPTIONS)
    async def list_exceptions(request: Request) -> Response:
        return Response(await page_of_exceptions(database, pages, call_of(request.scope), mendables), media_type=JSON)

    @router.get("/{exception_id}", **operations.GET_EXCEPTION)
    async def get_exception(request: Request) -> Response:
        async with database.connection() as connection:
            row = await read_exception(connection, call_of(request.scope).path_parameters["exception_id"])
        if row is None:
            raise NotFound("there is no such exception")
        headers = {"etag": etag_of(row.version)}
        return Response(orjson.dumps(exception_view(row, mendables)), 200, headers, JSON)

    return router


def _commands(router: APIRouter, bench: Bench) -> None:
    @router.post("/actions", **operations.ACT_ON_EXCEPTIONS)
    async def act_on_exceptions(request: Request) -> Response:
        return Response(*(await bench.act_on_all(call_of(request.scope))).sent)

    @router.post("/{exception_id}/actions", **operations.ACT_ON_EXCEPTION)
    async def act_on_exception(request: Request) -> Response:
        return Response(*(await bench.act(call_of(request.scope), if_match=if_match(request))).sent)
