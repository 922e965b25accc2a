"""Purchase orders as callers read them: a supplier sees what was issued to it, and nothing of how that came about."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import orjson

from gateway.context import Answer, Call
from gateway.domain.purchase_orders import Action, OrderState, PurchaseLine, actions
from gateway.domain.receiving import NOTHING, all_came, progress
from gateway.domain.time import rfc3339
from gateway.refusals import NotFound
from gateway.resources.answers import at_version, whose
from gateway.resources.pages import PageTokens
from gateway.resources.suppliers import purchase_schemas as schemas
from gateway.store.accept import order_locked
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import PurchaseOrder, Sought, list_orders, load_order, lock_order

ABSENT = "there is no such purchase order"
_ASKED = {"pending": "pending_approval", "approved": "approved", "rejected": "rejected"}


async def seen_order(connection: Connection, call: Call, *, revision: int | None = None) -> PurchaseOrder:
    """The order that the call is about. Raises `NotFound`, too, when it is somebody else's, or not issued to them."""
    found = await load_order(connection, Sought(whose(call), call.path_parameters["po_id"], revision))
    if found is None:
        raise NotFound(ABSENT)
    return found


async def locked_order(connection: Connection, call: Call) -> PurchaseOrder:
    """The same, held for the transaction. Asked before any lock, so that the time tells nothing of another's order."""
    await seen_order(connection, call)
    with order_locked():
        await lock_order(connection, call.path_parameters["po_id"])
    return await seen_order(connection, call)


def told_order(found: PurchaseOrder, call: Call) -> Answer:
    return at_version(found.version, order_view(found, inside=whose(call) is None))


def order_view(found: PurchaseOrder, *, inside: bool) -> schemas.PurchaseView:
    """*inside*: for the retailer's own eyes."""
    view: schemas.PurchaseView = {
        "po_id": found.po_id,
        "po_number": found.po_number,
        "supplier_id": found.supplier_id,
        "status": _status(found) if inside else _outside(found),
        "revision": found.revision.revision,
        "lines": [_line(line) for line in found.revision.lines],
        "total": {"amount": found.revision.total, "currency": found.currency},
        "allowed_actions": _allowed(found) if inside else _asked_of(found),
        "version": found.version,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }
    if found.issued_revision is not None:
        view["issued_revision"] = found.issued_revision
    if found.delivered:
        view["deliveries"] = [_delivered(found, line) for line in found.revision.lines]
    if found.said is not None:
        view["confirmation"] = _confirmation(found.said)
    if inside and found.state is not OrderState.DRAFT and found.approval_id is not None:
        view["approval_id"] = found.approval_id
    return view


def _status(found: PurchaseOrder) -> schemas.PoStatus:
    if found.state is OrderState.SUBMITTED:
        return cast("schemas.PoStatus", _ASKED[found.approval or "pending"])
    came = progress(found.revision.lines, found.delivered) if found.state is OrderState.CONFIRMED else None
    return came or cast("schemas.PoStatus", found.state.value)


def _outside(found: PurchaseOrder) -> schemas.PoStatus:
    if found.state in (OrderState.DRAFT, OrderState.SUBMITTED):
        return "being_changed"
    return _status(found)


def _delivered(found: PurchaseOrder, line: PurchaseLine) -> schemas.DeliveredLine:
    told = found.delivered.get(line.line_id, NOTHING)
    return {
        "line_id": line.line_id,
        "shipped": told.shipped,
        "received": told.received,
        "accepted": told.accepted,
    }


def _asked_of(found: PurchaseOrder) -> list[Action]:
    return ["confirm"] if found.state is OrderState.ISSUED else []


def _confirmation(row: Mapping[str, Any]) -> schemas.ConfirmationView:
    names = ("confirmation_id", "supplier_ref", "revision", "outcome")
    told = {name: row[name] for name in names} | ({"decision": row["decision"]} if row["decision"] else {})
    lines = [{"status": line["word"], **{k: v for k, v in line.items() if k != "word"}} for line in row["lines"]]
    return cast("schemas.ConfirmationView", {**told, "lines": lines})


def _allowed(found: PurchaseOrder) -> list[Action]:
    withheld = set[Action]() if found.approval == "approved" else {"issue"}
    if all_came(found.revision.lines, found.delivered):
        withheld.add("cancel")
    return [each for each in actions(found.state) if each not in withheld]


def _line(line: PurchaseLine) -> schemas.PurchaseLine:
    return cast("schemas.PurchaseLine", line.document)


def revision_told(found: PurchaseOrder, *, inside: bool) -> bytes:
    told = found.revision
    view: schemas.RevisionView = {
        "po_id": found.po_id,
        "po_number": found.po_number,
        "revision": told.revision,
        "lines": [_line(line) for line in told.lines],
        "total": {"amount": told.total, "currency": found.currency},
        "changes": list(told.changes),
        "made_at": rfc3339(told.made_at),
    }
    if inside:
        view["reason"] = told.reason
    return orjson.dumps(view)


async def page_of_orders(database: Database, pages: PageTokens, call: Call) -> bytes:
    mine, supplier_id, po_number = whose(call), call.query.get("supplier_id"), call.query.get("po_number")
    question = ("list_purchase_orders", call.caller.account, supplier_id, po_number)
    found = partial(list_orders, database, Sought(mine, supplier_id=supplier_id, po_number=po_number))
    rows, following = await pages.page(call, question, found, end=lambda row: row.po_id)
    views = [order_view(row, inside=mine is None) for row in rows]
    return orjson.dumps(schemas.PurchasePage(purchase_orders=views, next_page_token=following))
