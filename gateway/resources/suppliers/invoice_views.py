"""Suppliers' invoices as callers read them: the retailer with every sum of the match, a supplier with what is asked of
it, and none of the retailer's tolerances."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson

from gateway.context import Answer, Call
from gateway.domain.match_words import finding_told, line_told
from gateway.domain.supplier_invoices import InvoiceState, actions
from gateway.domain.time import rfc3339
from gateway.refusals import NotFound
from gateway.resources.answers import JSON, whose
from gateway.resources.pages import PageTokens, page_size
from gateway.resources.preconditions import etag_of
from gateway.resources.suppliers import invoice_schemas as schemas
from gateway.store.pool import Connection, Database
from gateway.store.supplier_invoices import Sought, SupplierInvoice, list_invoices, load_invoice

ABSENT = "there is no such invoice"
_SUSPECTED = "it looks like another invoice of yours; it is being looked at"
_OUTSIDE = {
    InvoiceState.HELD: "you are not active at the retailer's; it waits until you are, or somebody lets it pass",
    InvoiceState.WAITING: "its goods have not been received yet",
    InvoiceState.EXCEPTION: "it is not what was ordered and received; it is being looked at",
}


async def seen_invoice(connection: Connection, call: Call) -> SupplierInvoice:
    """The invoice that the call is about. Raises `NotFound`, too, when it is somebody else's."""
    found = await load_invoice(connection, Sought(whose(call), call.path_parameters["invoice_id"]))
    if found is None:
        raise NotFound(ABSENT)
    return found


def told_invoice(found: SupplierInvoice, call: Call) -> Answer:
    headers = {"content-type": JSON, "etag": etag_of(found.version)}
    return Answer(200, headers, orjson.dumps(invoice_view(found, inside=whose(call) is None)))


def invoice_view(found: SupplierInvoice, *, inside: bool) -> schemas.InvoiceView:
    """*inside*: for the retailer's own eyes."""
    sent = {name: value for name, value in found.document.items() if name != "lines"}
    view = {
        **sent,
        **{"invoice_id": found.invoice_id, "supplier_id": found.supplier_id, "status": found.state.value},
        "lines": [line.document for line in found.claim.lines],
        **{"tax": found.claim.tax, "total": found.claim.total},
        **({"held_for": "likeness" if found.suspected else "supplier"} if found.state is InvoiceState.HELD else {}),
        "allowed_actions": actions(found.state, given_up=found.given_up, barred=found.barred) if inside else [],
        "version": found.version,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }
    if found.claim.charges:
        view["charges"] = [{"kind": kind, "amount": amount} for kind, amount in found.claim.charges]
    waits = _SUSPECTED if found.suspected else _OUTSIDE.get(found.state)
    reason = found.reason or (None if inside else waits)
    told = {"reason": reason, **(_inside(found) if inside else {})}
    return cast("schemas.InvoiceView", view | {name: value for name, value in told.items() if value is not None})


def _inside(found: SupplierInvoice) -> Mapping[str, object]:
    return {
        "match": _match(found.match, found.claim.currency) if found.match else None,
        "looks_like": found.looks_like,
        "goods_due_on": found.due_on.isoformat() if found.due_on else None,
        "approval_id": found.approval_id,
    }


def _match(row: Mapping[str, Any], currency: str) -> schemas.MatchView:
    told = row["document"]
    return {
        "run": row["run"],
        "cause": row["cause"],
        "verdict": told["verdict"],
        "lines": [_line(line, currency) for line in told["lines"]],
        "findings": _findings(told["findings"], currency),
        "made_at": row["made_at"],
    }


def _line(line: Mapping[str, Any], currency: str) -> schemas.LineMatchView:
    view: schemas.LineMatchView = {
        "verdict": line["verdict"],
        "sums": _sums(line["sums"]),
        "findings": _findings(line["findings"], currency),
    }
    if line["line_id"] is not None:
        view["line_id"] = line["line_id"]
    if not line["findings"]:
        view["detail"] = line_told(line["verdict"], line["sums"], currency)
    return view


def _findings(findings: Iterable[Mapping[str, Any]], currency: str) -> list[schemas.FindingView]:
    return [
        {
            "verdict": each["verdict"],
            "detail": finding_told(each["verdict"], each["sums"], currency),
            "sums": _sums(each["sums"]),
        }
        for each in findings
    ]


def _sums(sums: Mapping[str, int]) -> schemas.Sums:
    """Without those in millionths of a whole line, which JSON does not carry everywhere."""
    return {name: value for name, value in sums.items() if not name.endswith("_micros")}


async def page_of_invoices(database: Database, pages: PageTokens, call: Call) -> bytes:
    size, token = page_size(call.query), call.query.get("page_token")
    wanted = {name: call.query.get(name) for name in ("supplier_id", "po_id", "status")}
    question = ("list_supplier_invoices", call.caller.account, *wanted.values())
    after = await pages.open(token, question, now=call.now) if token else None
    mine = whose(call)
    rows = await list_invoices(database, Sought(mine, **wanted), after=after, limit=size + 1)
    shown = rows[:size]
    following = await pages.seal(question, shown[-1].invoice_id, now=call.now) if len(rows) > size else ""
    views = [invoice_view(row, inside=mine is None) for row in shown]
    return orjson.dumps(schemas.InvoicePage(supplier_invoices=views, next_page_token=following))
