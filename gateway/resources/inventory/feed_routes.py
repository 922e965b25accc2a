"""Inventory v1, the other way: what sources report, and what people correct."""

import orjson
from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.feeds import Source
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.resources.answers import JSON
from gateway.resources.conditional import if_match
from gateway.resources.inventory import adjusting, feed_operations, feeding, snapshots, sources
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of
from gateway.store.pool import Database


def feeds(database: Database, *, pages: PageTokens, policy: InventoryPolicy, public: str, mint: Mint) -> APIRouter:
    """The contract stage has parsed and proven query and body; lines are read by the route."""
    router = APIRouter(prefix="/v1/inventory", tags=["inventory"])
    _sources(router, database, mint=mint)
    _reports(router, database, policy=policy, public=public, mint=mint)
    _snapshots(router, database, mint=mint)
    _adjustments(router, database, pages, policy=policy, public=public, mint=mint)
    return router


def _sources(router: APIRouter, database: Database, *, mint: Mint) -> None:
    @router.get("/sources", **feed_operations.LIST_SOURCES)
    async def list_sources(request: Request) -> Response:
        return _told(await sources.source_list(database, call_of(request.scope)))

    @router.get("/sources/{source_id}", **feed_operations.GET_SOURCE)
    async def get_source(request: Request) -> Response:
        return _source(await sources.within_reach(database, call_of(request.scope)))

    @router.put("/sources/{source_id}", **feed_operations.PUT_SOURCE)
    async def put_source(request: Request) -> Response:
        call = call_of(request.scope)
        return _source(await sources.put(database, call, if_match=if_match(request), mint=mint))


def _reports(router: APIRouter, database: Database, *, policy: InventoryPolicy, public: str, mint: Mint) -> None:
    @router.post("/sources/{source_id}/deltas", **feed_operations.REPORT_DELTAS)
    async def report_deltas(request: Request) -> Response:
        call = call_of(request.scope)
        source = await sources.within_reach(database, call)
        return Response(*(await feeding.report_deltas(database, call, source, policy=policy, mint=mint)).sent)

    @router.post("/sources/{source_id}/inbound", **feed_operations.REPORT_INBOUND)
    async def report_inbound(request: Request) -> Response:
        call = call_of(request.scope)
        source = await sources.within_reach(database, call)
        return Response(*(await feeding.report_inbound(database, call, source, mint=mint)).sent)

    @router.post("/sources/{source_id}/snapshots", **feed_operations.BEGIN_SNAPSHOT)
    async def begin_snapshot(request: Request) -> Response:
        call = call_of(request.scope)
        source = await sources.within_reach(database, call)
        return Response(*(await snapshots.begin(database, call, source, public=public, mint=mint)).sent)


def _snapshots(router: APIRouter, database: Database, *, mint: Mint) -> None:
    @router.get("/snapshots/{snapshot_id}", **feed_operations.GET_SNAPSHOT)
    async def get_snapshot(request: Request) -> Response:
        return _told(await snapshots.snapshot(database, call_of(request.scope)))

    @router.put("/snapshots/{snapshot_id}/chunks/{number}", **feed_operations.PUT_SNAPSHOT_CHUNK)
    async def put_snapshot_chunk(request: Request) -> Response:
        return _told(await snapshots.put_chunk(database, call_of(request.scope)))

    @router.post("/snapshots/{snapshot_id}/finish", **feed_operations.FINISH_SNAPSHOT)
    async def finish_snapshot(request: Request) -> Response:
        return _told(await snapshots.finish(database, call_of(request.scope), mint=mint), 202)

    @router.post("/snapshots/{snapshot_id}/decision", **feed_operations.DECIDE_SNAPSHOT)
    async def decide_snapshot(request: Request) -> Response:
        return Response(*(await snapshots.decide(database, call_of(request.scope), mint=mint)).sent)


def _adjustments(
    router: APIRouter, database: Database, pages: PageTokens, *, policy: InventoryPolicy, public: str, mint: Mint
) -> None:
    @router.get("/adjustments", **feed_operations.LIST_ADJUSTMENTS)
    async def list_adjustments(request: Request) -> Response:
        return _told(await adjusting.adjustment_page(database, pages, call_of(request.scope)))

    @router.post("/adjustments", **feed_operations.ADJUST_STOCK)
    async def adjust_stock(request: Request) -> Response:
        call = call_of(request.scope)
        return Response(*(await adjusting.adjust(database, call, policy=policy, public=public, mint=mint)).sent)

    @router.get("/adjustments/{adjustment_id}", **feed_operations.GET_ADJUSTMENT)
    async def get_adjustment(request: Request) -> Response:
        return _told(await adjusting.adjustment(database, call_of(request.scope)))

    @router.post("/adjustments/{adjustment_id}/decision", **feed_operations.DECIDE_ADJUSTMENT)
    async def decide_adjustment(request: Request) -> Response:
        return Response(*(await adjusting.decide(database, call_of(request.scope), policy=policy, mint=mint)).sent)


def _source(source: Source) -> Response:
    return Response(orjson.dumps(sources.source_view(source)), 200, {"etag": etag_of(source.version)}, JSON)


def _told(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON)
