"""Suppliers as callers read them, found within the caller's reach and at the version that they expect."""

from collections.abc import Sequence
from functools import partial

import orjson

from gateway.context import Answer, Call
from gateway.domain.suppliers import next_of
from gateway.domain.time import rfc3339
from gateway.refusals import NotFound, PreconditionFailed
from gateway.resources.answers import at_version, whose
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of, tags_expected
from gateway.resources.suppliers.schemas import SupplierPage, SupplierView
from gateway.store.pool import Connection, Database
from gateway.store.suppliers import Supplier, list_suppliers, load_supplier

ABSENT = "there is no such supplier"


async def seen_supplier(connection: Connection, call: Call) -> Supplier:
    """The supplier that the call is about. Raises `NotFound`, too, when it is somebody else's."""
    found = await load_supplier(connection, call.path_parameters["supplier_id"], partner=whose(call))
    if found is None:
        raise NotFound(ABSENT)
    return found


def refuse_unless_expected(version: int, if_match: Sequence[str], *, called: str) -> None:
    expected = tags_expected(if_match)
    if expected is not None and etag_of(version) not in expected:
        raise PreconditionFailed(f"the {called} is at version {version}", effect="none")


def told_supplier(found: Supplier) -> Answer:
    return at_version(found.version, supplier_view(found))


def supplier_view(found: Supplier) -> SupplierView:
    view: SupplierView = {
        "supplier_id": found.supplier_id,
        "code": found.code,
        "name": found.name,
        "currency": found.currency,
        "capabilities": found.capabilities,  # type: ignore[typeddict-item]
        "status": found.status.value,
        "next_statuses": [each.value for each in next_of(found.status)],
        "version": found.version,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }
    if found.partner_id is not None:
        view["partner_id"] = found.partner_id
    if found.gln is not None:
        view["gln"] = found.gln
    return view


async def page_of_suppliers(database: Database, pages: PageTokens, call: Call) -> bytes:
    status = call.query.get("status")
    question = ("list_suppliers", call.caller.account, status)
    found = partial(list_suppliers, database, partner=whose(call), status=status)
    rows, following = await pages.page(call, question, found, end=lambda row: row.supplier_id)
    page: SupplierPage = {"suppliers": [supplier_view(row) for row in rows], "next_page_token": following}
    return orjson.dumps(page)
