"""Reservations: six operations, each a thin way from the call to the store."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.resources.answers import JSON
from gateway.resources.conditional import if_match
from gateway.resources.inventory import reservation_operations as operations
from gateway.resources.inventory.changing import CONSUME, EXTEND, RELEASE, Change, Changing
from gateway.resources.inventory.reservation_views import body_of
from gateway.resources.inventory.reserving import (
    Commitment,
    page_of_reservations,
    permit,
    reservation_of,
    reserve,
)
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of
from gateway.store.pool import Database
from gateway.store.reservations import Reservations


def reservations(
    database: Database, pages: PageTokens, policy: InventoryPolicy, commitment: Commitment, *, public: str, mint: Mint
) -> APIRouter:
    router = APIRouter(prefix="/v1/inventory/reservations", tags=["reservations"])
    granting = Reservations(database)

    @router.post("", **operations.RESERVE_STOCK)
    async def reserve_stock(request: Request) -> Response:
        call = call_of(request.scope)
        permit(call, call.body["kind"], commitment)
        if call.given_before:
            return Response(*call.given_before.answer.sent)
        return Response(*(await reserve(call, granting, policy, public=public, mint=mint)).sent)

    _questions(router, database, pages)
    _changes(router, Changing(database, policy, commitment, mint))
    return router


def _questions(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("", **operations.LIST_RESERVATIONS)
    async def list_reservations(request: Request) -> Response:
        return Response(await page_of_reservations(database, pages, call_of(request.scope)), 200, media_type=JSON)

    @router.get("/{reservation_id}", **operations.GET_RESERVATION)
    async def get_reservation(request: Request) -> Response:
        found = await reservation_of(database, call_of(request.scope))
        return Response(body_of(found), 200, {"etag": etag_of(found.version)}, JSON)


def _changes(router: APIRouter, changing: Changing) -> None:
    async def changed(request: Request, how: Change) -> Response:
        return Response(*(await changing.change(call_of(request.scope), how, if_match=if_match(request))).sent)

    @router.post("/{reservation_id}/release", **operations.RELEASE_RESERVATION)
    async def release_reservation(request: Request) -> Response:
        return await changed(request, RELEASE)

    @router.post("/{reservation_id}/extend", **operations.EXTEND_RESERVATION)
    async def extend_reservation(request: Request) -> Response:
        return await changed(request, EXTEND)

    @router.post("/{reservation_id}/consume", **operations.CONSUME_RESERVATION)
    async def consume_reservation(request: Request) -> Response:
        return await changed(request, CONSUME)
