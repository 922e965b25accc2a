"""Suppliers' invoices of Suppliers v1: their operations, each a thin way from the call to the store."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.resources.answers import JSON
from gateway.resources.conditional import fresh_or_known, if_match
from gateway.resources.pages import PageTokens
from gateway.resources.suppliers import invoice_operations as operations
from gateway.resources.suppliers.invoice_deciding import InvoiceDeciding
from gateway.resources.suppliers.invoice_views import page_of_invoices, seen_invoice, told_invoice
from gateway.resources.suppliers.invoicing import Invoicing
from gateway.store.pool import Database


def supplier_invoices(
    database: Database,
    *,
    pages: PageTokens,
    policy: ApprovalPolicy,
    rules: MatchingRules,
    public: str,
    mint: Mint,
) -> APIRouter:
    """The contract stage has parsed and proven query and body: routes read them from the call, not a second time."""
    router = APIRouter(prefix="/v1/supplier-invoices", tags=["supplier-invoices"])
    invoicing = Invoicing(database, rules, public, mint)

    @router.post("", **operations.SUBMIT_INVOICE)
    async def submit_supplier_invoice(request: Request) -> Response:
        return Response(*(await invoicing.submit(call_of(request.scope))).sent)

    _deciding(router, InvoiceDeciding(database, rules, policy, mint))
    _reading(router, database, pages)
    return router


def _deciding(router: APIRouter, deciding: InvoiceDeciding) -> None:
    @router.post("/{invoice_id}/release", **operations.RELEASE_INVOICE)
    async def release_supplier_invoice(request: Request) -> Response:
        return Response(*(await deciding.release(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{invoice_id}/approve", **operations.APPROVE_INVOICE)
    async def approve_supplier_invoice(request: Request) -> Response:
        return Response(*(await deciding.approve(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{invoice_id}/dispute", **operations.DISPUTE_INVOICE)
    async def dispute_supplier_invoice(request: Request) -> Response:
        return Response(*(await deciding.dispute(call_of(request.scope), if_match=if_match(request))).sent)

    @router.post("/{invoice_id}/reject", **operations.REJECT_INVOICE)
    async def reject_supplier_invoice(request: Request) -> Response:
        return Response(*(await deciding.reject(call_of(request.scope), if_match=if_match(request))).sent)


def _reading(router: APIRouter, database: Database, pages: PageTokens) -> None:
    @router.get("", **operations.LIST_INVOICES)
    async def list_supplier_invoices(request: Request) -> Response:
        return Response(await page_of_invoices(database, pages, call_of(request.scope)), 200, None, JSON)

    @router.get("/{invoice_id}", **operations.GET_INVOICE)
    async def get_supplier_invoice(request: Request) -> Response:
        call = call_of(request.scope)
        async with database.connection() as connection:
            answer = told_invoice(await seen_invoice(connection, call), call)
        return fresh_or_known(request, answer)
