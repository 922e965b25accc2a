"""Returns as callers read them: what the store has becomes the documents of the contract."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.returns import ReturnLine
from gateway.domain.time import rfc3339
from gateway.refusals import NotFound
from gateway.resources.answers import at_version, whose
from gateway.resources.pages import PageTokens
from gateway.resources.returns.schemas import Money, Refund, ReturnLineView, ReturnPage, ReturnView
from gateway.store.pool import Connection, Database
from gateway.store.returns import Sought, StoredReturn, list_returns, load_return

ABSENT = "there is no such return"
_FILTERS = ("order_id", "channel_id", "channel_return_id")


async def seen(connection: Connection, call: Call) -> StoredReturn:
    """The return that the call is about. Raises `NotFound`, too, when it is somebody else's."""
    found = await load_return(connection, call.path_parameters["return_id"], partner=whose(call))
    if found is None:
        raise NotFound(ABSENT)
    return found


def told(found: StoredReturn) -> Answer:
    return at_version(found.version, return_view(found))


def return_view(found: StoredReturn) -> ReturnView:
    about = found.told
    view: ReturnView = {
        "return_id": about.return_id,
        "order_id": about.order_id,
        "channel_id": about.channel_id,
        "channel_return_id": about.channel_return_id,
        "status": about.status,
        "version": found.version,
        "lines": [_line(line, about.currency) for line in about.lines],
        "allowed_actions": list(about.allowed_actions),
        "expires_at": rfc3339(about.expires_at),
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }
    if about.scanned_at is not None:
        view["scanned_at"] = rfc3339(about.scanned_at)
    if found.refunds:
        view["refunds"] = [_refund(row, about.currency) for row in found.refunds]
    return view


def _refund(row: Mapping[str, Any], currency: str) -> Refund:
    told: Refund = {
        "refund_id": row["refund_id"],
        "tranche": row["tranche"],
        "attempt": row["attempt"],
        "status": row["status"],
        "amount": money(row["amount"], currency),
        "fee": money(row["fee"], currency),
    }
    if row["memo_id"] is not None:
        told["credit_memo"] = {"memo_id": row["memo_id"], "status": row["memo"]}
        if row["number"] is not None:
            told["credit_memo"]["number"] = row["number"]
    return told


def _line(line: ReturnLine, currency: str) -> ReturnLineView:
    pieces = line.quantities
    most = pieces.refundable(line.rule.refund_on)
    view: ReturnLineView = {
        "line_id": line.line_id,
        "sku": line.sku,
        "reason": line.reason,
        "method": line.rule.method,
        "refund_on": line.rule.refund_on,
        "quantities": asdict(pieces),  # type: ignore[typeddict-item]
        "value": money(line.value(pieces.authorised), currency),
        "fee": money(line.fee(pieces.authorised), currency),
        "refundable": money(line.value(most) - line.fee(most), currency),
    }
    return view


def money(amount: int, currency: str) -> Money:
    return {"amount": amount, "currency": currency}


async def page_of_returns(database: Database, pages: PageTokens, call: Call) -> bytes:
    filters = [call.query.get(name) for name in _FILTERS]
    question = ("list_returns", call.caller.account, *filters)
    found = partial(list_returns, database, Sought(whose(call), *filters))
    rows, following = await pages.page(call, question, found, end=lambda row: row.told.return_id)
    page: ReturnPage = {"returns": [return_view(row) for row in rows], "next_page_token": following}
    return orjson.dumps(page)
