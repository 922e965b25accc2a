"""Shipping notices and goods receipts of Suppliers v1: their operations, each a thin way from the call to the store."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.receiving import ReceivingTerms
from gateway.resources.answers import JSON
from gateway.resources.conditional import fresh_or_known, if_match
from gateway.resources.pages import PageTokens
from gateway.resources.suppliers import delivery_operations as operations
from gateway.resources.suppliers.delivery_views import (
    page_of_notices,
    page_of_receipts,
    receipt_told,
    seen_notice,
    told_notice,
)
from gateway.resources.suppliers.receiving import Receiving
from gateway.resources.suppliers.shipping import Shipping
from gateway.store.pool import Database


def deliveries(
    database: Database,
    *,
    pages: PageTokens,
    terms: ReceivingTerms,
    inventory: InventoryPolicy,
    matching: MatchingRules,
    public: str,
    mint: Mint,
) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1", tags=["deliveries"])
    _shipping(router, Shipping(database, public, mint))
    _receiving(router, Receiving(database, terms, inventory, matching, public, mint))
    _reading(router, database, pages)
    return router


def _shipping(router: APIRouter, shipping: Shipping) -> None:
    @router.post("/purchase-orders/{po_id}/shipping-notices", **operations.ANNOUNCE)
    async def announce_shipment(request: Request) -> Response:
        return Response(*(await shipping.announce(call_of(request.scope))).sent)

    @router.post("/shipping-notices/{asn_id}/cancel", **operations.CANCEL_NOTICE)
    async def cancel_shipping_notice(request: Request) -> Response:
        return Response(*(await shipping.cancel(call_of(request.scope), if_match=if_match(request))).sent)


def _receiving(router: APIRouter, receiving: Receiving) -> None:
    @router.post("/purchase-orders/{po_id}/receipts", **operations.RECEIVE)
    async def receive_goods(request: Request) -> Response:
        return Response(*(await receiving.receive(call_of(request.scope))).sent)


def _reading(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("/shipping-notices", **operations.LIST_NOTICES)
    async def list_shipping_notices(request: Request) -> Response:
        return Response(await page_of_notices(database, pages, call_of(request.scope)), 200, None, JSON)

    @router.get("/shipping-notices/{asn_id}", **operations.GET_NOTICE)
    async def get_shipping_notice(request: Request) -> Response:
        async with database.connection() as connection:
            found = await seen_notice(connection, call_of(request.scope))
        return fresh_or_known(request, told_notice(found))

    @router.get("/goods-receipts", **operations.LIST_RECEIPTS)
    async def list_goods_receipts(request: Request) -> Response:
        return Response(await page_of_receipts(database, pages, call_of(request.scope)), 200, None, JSON)

    @router.get("/goods-receipts/{receipt_id}", **operations.GET_RECEIPT)
    async def get_goods_receipt(request: Request) -> Response:
        async with database.connection() as connection:
            told = await receipt_told(connection, call_of(request.scope))
        return Response(told, 200, None, JSON)
