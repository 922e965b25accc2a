"""Shipping notices and goods receipts as callers read them, found within the caller's reach."""

from dataclasses import asdict
from typing import cast

import orjson

from gateway.context import Answer, Call
from gateway.domain.shipping import packed
from gateway.domain.time import rfc3339
from gateway.refusals import NotFound
from gateway.resources.answers import JSON, whose
from gateway.resources.pages import PageTokens, page_size
from gateway.resources.preconditions import etag_of
from gateway.resources.suppliers import delivery_schemas as schemas
from gateway.store import goods_receipts, shipping_notices
from gateway.store.goods_receipts import Receipt, list_receipts, load_receipt
from gateway.store.pool import Connection, Database
from gateway.store.shipping_notices import Notice, list_notices, load_notice


async def seen_notice(connection: Connection, call: Call) -> Notice:
    """The notice that the call is about. Raises `NotFound`, too, when it is somebody else's."""
    found = await load_notice(connection, shipping_notices.Sought(whose(call), call.path_parameters["asn_id"]))
    if found is None:
        raise NotFound("there is no such shipping notice")
    return found


def told_notice(found: Notice) -> Answer:
    headers = {"content-type": JSON, "etag": etag_of(found.version)}
    view = notice_view(found)
    view["pallets"] = found.document["pallets"]
    return Answer(200, headers, orjson.dumps(view))


def notice_view(found: Notice) -> schemas.NoticeView:
    """Without what is packed in what: a page would be of no end."""
    said = found.document
    view: schemas.NoticeView = {
        "asn_id": found.asn_id,
        "asn_number": found.asn_number,
        "po_id": found.po_id,
        "supplier_id": found.supplier_id,
        "status": found.state.value,
        "shipped_at": rfc3339(found.shipped_at),
        "expected_at": rfc3339(found.expected_at),
        "lines": [{"line_id": name, "quantity": pieces} for name, pieces in packed(said["pallets"]).items()],
        "version": found.version,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }
    if "carrier" in said:
        view["carrier"] = said["carrier"]
    if "tracking_number" in said:
        view["tracking_number"] = said["tracking_number"]
    return view


async def page_of_notices(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token = page_size(call.query), call.query.get("page_token")
    po_id, status = call.query.get("po_id"), call.query.get("status")
    question = ("list_shipping_notices", call.caller.account, po_id, status)
    after = await pages.open(token, question, now=call.now) if token else None
    sought = shipping_notices.Sought(whose(call), po_id=po_id, status=status)
    rows = await list_notices(database, sought, after=after, limit=size + 1)
    shown = rows[:size]
    following = await pages.seal(question, shown[-1].asn_id, now=call.now) if len(rows) > size else ""
    views = [notice_view(row) for row in shown]
    return orjson.dumps(schemas.NoticePage(shipping_notices=views, next_page_token=following))


async def receipt_told(connection: Connection, call: Call) -> bytes:
    sought = goods_receipts.Sought(whose(call), call.path_parameters["receipt_id"])
    found = await load_receipt(connection, sought)
    if found is None:
        raise NotFound("there is no such goods receipt")
    return orjson.dumps(receipt_view(found, inside=whose(call) is None))


def receipt_view(found: Receipt, *, inside: bool) -> schemas.GoodsView:
    """*inside*: for the retailer's own eyes."""
    view: schemas.GoodsView = {
        "receipt_id": found.receipt_id,
        "receipt_number": found.receipt_number,
        "po_id": found.po_id,
        "revision": found.revision,
        "node_id": found.node_id,
        "received_at": rfc3339(found.received_at),
        "recorded_at": rfc3339(found.recorded_at),
        "lines": [cast("schemas.ReceivedLine", asdict(line)) for line in found.lines],
    }
    if found.asn_id is not None:
        view["asn_id"] = found.asn_id
    if found.over_decision is not None:
        view["over_decision"] = found.over_decision
    if inside:
        view["received_by"] = found.received_by
    return view


async def page_of_receipts(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token = page_size(call.query), call.query.get("page_token")
    po_id, node_id = call.query.get("po_id"), call.query.get("node_id")
    question = ("list_goods_receipts", call.caller.account, po_id, node_id)
    after = await pages.open(token, question, now=call.now) if token else None
    mine = whose(call)
    sought = goods_receipts.Sought(mine, po_id=po_id, node_id=node_id)
    rows = await list_receipts(database, sought, after=after, limit=size + 1)
    shown = rows[:size]
    following = await pages.seal(question, shown[-1].receipt_id, now=call.now) if len(rows) > size else ""
    views = [receipt_view(row, inside=mine is None) for row in shown]
    return orjson.dumps(schemas.GoodsPage(goods_receipts=views, next_page_token=following))
