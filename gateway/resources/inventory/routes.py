"""Inventory v1: each operation a thin way from the call to the store."""

import orjson
from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.resources.answers import JSON
from gateway.resources.conditional import if_match
from gateway.resources.inventory import nodes, operations
from gateway.resources.inventory.availability import Availabilities
from gateway.resources.inventory.changes import Changes
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of
from gateway.resources.preferences import wait_preferred
from gateway.store.nodes import NodeRow
from gateway.store.pool import Database


def inventory(
    database: Database, *, pages: PageTokens, policy: InventoryPolicy, changes: Changes, mint: Mint
) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1/inventory", tags=["inventory"])
    _availability(router, Availabilities(database, policy), changes)
    _nodes(router, database, mint=mint)
    _positions(router, database, pages, mint=mint)
    return router


def _availability(router: APIRouter, availabilities: Availabilities, changes: Changes) -> None:
    @router.post("/availability:query", **operations.QUERY_AVAILABILITY)
    async def query_availability(request: Request) -> Response:
        return Response(await availabilities.answer(call_of(request.scope)), 200, media_type=JSON)

    @router.get("/changes", **operations.LIST_INVENTORY_CHANGES)
    async def list_inventory_changes(request: Request) -> Response:
        wait = wait_preferred(request.headers.getlist("prefer"))
        page, waited = await changes.page(call_of(request.scope), wait)
        applied = {"preference-applied": wait.applied} if wait is not None and waited else {}
        return Response(page, 200, applied, JSON)


def _nodes(router: APIRouter, database: Database, *, mint: Mint) -> None:
    @router.get("/nodes", **operations.LIST_NODES)
    async def list_nodes(request: Request) -> Response:
        return Response(await nodes.node_list(database), 200, media_type=JSON)

    @router.get("/nodes/{node_id}", **operations.GET_NODE)
    async def get_node(request: Request) -> Response:
        return _node(await nodes.node_of(database, call_of(request.scope)))

    @router.put("/nodes/{node_id}", **operations.PUT_NODE)
    async def put_node(request: Request) -> Response:
        call, only_new = call_of(request.scope), "if-none-match" in request.headers
        return _node(await nodes.put(database, call, if_match=if_match(request), only_new=only_new, mint=mint))


def _positions(router: APIRouter, database: Database, pages: PageTokens, *, mint: Mint) -> None:
    @router.get("/positions", **operations.LIST_POSITIONS)
    async def list_positions(request: Request) -> Response:
        return Response(await nodes.position_page(database, pages, call_of(request.scope)), 200, media_type=JSON)

    @router.post("/safety-stock", **operations.SET_SAFETY_STOCK)
    async def set_safety_stock(request: Request) -> Response:
        return Response(*(await nodes.keep_back(database, call_of(request.scope), mint=mint)).sent)


def _node(row: NodeRow) -> Response:
    return Response(orjson.dumps(nodes.node_view(row)), 200, {"etag": etag_of(row.version)}, JSON)
