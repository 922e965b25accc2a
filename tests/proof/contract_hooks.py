"""
What schemathesis is told of us (SCHEMATHESIS_HOOKS names this module): what no schema can say of a valid request.

Only what was generated as valid is mended; what was generated as invalid is sent as it is. Every answer is counted.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import requests
import schemathesis
from requests.auth import AuthBase
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.core.parameters import ParameterLocation

from gateway.store.pool import Joined
from tests.proof.client import order
from tests.proof.feed_bodies import mend_feed
from tests.proof.return_bodies import mend_return
from tests.proof.signed import Signed, SignedByStripe
from tests.proof.stock_bodies import mend_stock, reservation
from tests.proof.supply_bodies import SUPPLY, mend_supply
from tests.proof.valid_bodies import mend, tame
from tests.resources.offers import CODE, offered, ready
from tests.resources.refunded import refunded
from tests.resources.returned import asked_back, left

Json = dict[str, Any]

ADDRESS = os.environ["PROOF_ADDRESS"]
AUTHORIZATION = {"authorization": f"Bearer {os.environ['PROOF_TOKEN']}"}
OPERATOR = {"authorization": f"Bearer {os.environ['PROOF_OPERATOR']}"}
_TELLERS = ("{system}", "store", "psp", "carrier", "stripe")
CALLBACKS, STORES, PAYMENTS, CARRIER, STRIPE = (f"/v1/callbacks/{name}" for name in _TELLERS)
FEEDS = ("/v1/inventory/sources", "/v1/inventory/snapshots", "/v1/inventory/adjustments")
NDJSON = "application/x-ndjson"
COUNTS = Path(os.environ["PROOF_COUNTS"])


_answers: Counter[tuple[str, str, str, int]] = Counter(
    {(what[0], what[1], what[2], what[3]): what[4] for what in json.loads(COUNTS.read_text())}
    if COUNTS.exists()
    else {}
)
_orders: list[str] = []
_before = sum(_answers.values())
_exceptions = count(_before)  # those that the test has opened, and no other run has mended
_approvals = count(_before)  # those that the test has asked for, and no other run has decided


@schemathesis.serializer(NDJSON)
def lines(context: Any, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: Json) -> None:
    """The last moment before a request is sent: what follows from the rest of it is filled in."""
    assert case.meta is not None
    _identify(case)
    if case.meta.generation.mode.is_negative:
        if case.path in SIGNED and not case.meta.is_negative_at(ParameterLocation.HEADER):
            kwargs["auth"] = SIGNED[case.path]
        if case.media_type == NDJSON and not isinstance(case.body, str):
            case.media_type = "application/json"  # lines are any text: what is none cannot be said in them
        return
    body: Any = case.body
    if case.method == "POST" and case.path == "/v1/orders":
        mend(body)
    elif case.path in (CALLBACKS, STORES):
        if case.path == CALLBACKS:
            case.path_parameters["system"] = "wms"
        body["data"]["order_id"] = order_id = _an_order()
        body["data"]["reference"] = f"{order_id}:asked"
        kwargs["auth"] = SIGNED[case.path]
    elif case.path == PAYMENTS:
        body["data"]["reference"] = f"{_written(refunded, _placed())}:refund"
        kwargs["auth"] = SIGNED[case.path]
    elif case.path == CARRIER:
        _, body["data"]["return_id"] = _sent_back(0)
        kwargs["auth"] = SIGNED[case.path]
    elif case.path == STRIPE:
        case.body = tame(body)
        kwargs["auth"] = SIGNED[STRIPE]
    elif case.path.startswith("/v1/orders") and case.path.endswith("/cancel"):
        case.path_parameters["order_id"] = _placed()
    elif "/holds" in case.path and case.method == "POST":
        _mend_holds(case, body)
    elif "offer_id" in case.path_parameters or "fulfilment_id" in case.path_parameters:
        _mend_answers(case)
    elif case.path.startswith(SUPPLY):
        mend_supply(case, _written)
    elif case.path.startswith("/v1/returns"):
        mend_return(case, _sent_back)
    elif "order_id" in case.path_parameters and case.path_parameters["order_id"] not in _orders:
        case.path_parameters["order_id"] = _an_order()
    elif case.path.startswith(FEEDS):
        mend_feed(case, _send, sent=_before)
    elif case.path.startswith("/v1/inventory/"):
        if "reservation_id" in case.path_parameters:
            case.path_parameters["reservation_id"] = _reserved("soft" if case.path.endswith("/extend") else "firm")
        mend_stock(case)
    elif case.path.startswith("/v1/exceptions"):
        _mend_exceptions(case, body)
    elif case.path.startswith("/v1/approvals"):
        _mend_approvals(case, body)
    elif case.path == "/problems/{code}":
        case.path_parameters["code"] = _a_problem()
    elif case.path == "/oauth/token":
        _grant(body)
    _follow_pages(case)
    _wish_for_little(case)


def _mend_holds(case: Case, body: Any) -> None:
    """Of an order of its own, which has room for it; one that is released has been placed before."""
    case.path_parameters["order_id"] = order_id = _placed()
    body.pop("expires_at", None)  # ahead of our clock, which no schema can say
    if "hold_id" in case.path_parameters:
        case.path_parameters["hold_id"] = _held(order_id)


def _mend_answers(case: Case) -> None:
    """Of an order of its own, to which something is offered, or of which something is ready to be fetched."""
    case.path_parameters["order_id"] = order_id = _placed()
    if "offer_id" in case.path_parameters:
        case.path_parameters["offer_id"] = _written(partial(offered, kind="ship_to_home"), order_id)
    else:
        case.path_parameters["fulfilment_id"] = _written(ready, order_id)
        case.body = {"code": CODE}


def _mend_exceptions(case: Case, body: Any) -> None:
    """One that is open, with the action that it offers; of a cause, as many as there are."""
    if "exception_id" in case.path_parameters:
        case.path_parameters["exception_id"] = f"xcp_{next(_exceptions):026d}"
    if case.method == "POST":
        body.pop("expected", None)
        body["action"] = "resolve"


def _mend_approvals(case: Case, body: Any) -> None:
    """One that waits, about what it is about."""
    if "approval_id" in case.path_parameters:
        case.path_parameters["approval_id"] = f"apr_{next(_approvals):026d}"
    if case.method == "POST":
        body["content_hash"] = "a" * 64


def _identify(case: Case) -> None:
    """Names are used once, where they were well-formed."""
    assert case.meta is not None
    if case.meta.generation.mode.is_negative and case.meta.is_negative_at(ParameterLocation.HEADER):
        return
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f'"{uuid4()}"'
    if case.path in (CALLBACKS, STORES, PAYMENTS, CARRIER):
        case.headers["webhook-id"] = f"msg_{uuid4().hex}"


def _grant(form: Json) -> None:
    """Scopes that exist; what else may stand in a form is said once, as RFC 6749 wants it (3.2)."""
    for name, value in form.items():
        form[name] = value if isinstance(value, str) else json.dumps(value)
    if "scope" in form:
        form["scope"] = ("orders:read", "orders:write orders:read")[len(form["scope"]) % 2]


def _follow_pages(case: Case) -> None:
    """A page token and a cursor are ours to make, and a page's size is not negative."""
    if case.path == "/v1/events":
        case.query.pop("after", None)
    if "page_token" in case.query:
        del case.query["page_token"]
    if "page_size" in case.query:
        case.query["page_size"] = abs(int(case.query["page_size"]))


_HARMLESS = {"Prefer": "wait=1", "If-None-Match": '"0"', "If-Match": "*"}


def _wish_for_little(case: Case) -> None:
    """Waits are short, and conditions hold: a 304 or a 412 is right, but says nothing of the rest of the request."""
    for name in case.headers.keys() & _HARMLESS.keys():
        case.headers[name] = _HARMLESS[name]


SIGNED: dict[str, AuthBase] = {
    **dict.fromkeys((CALLBACKS, STORES, PAYMENTS, CARRIER), Signed()),
    STRIPE: SignedByStripe(),
}


@schemathesis.auth().apply_to(path=[CALLBACKS, STORES, PAYMENTS, CARRIER, STRIPE])
class Sender:
    """Tells schemathesis that callbacks are authenticated on purpose; `before_call` signs them."""

    def get(self, case: Case, context: AuthContext) -> str:
        return "signed"

    def set(self, case: Case, data: str, context: AuthContext) -> None:
        pass


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    assert case.meta is not None
    mode = case.meta.generation.mode.value
    _answers[case.operation.label, case.meta.phase.name.value, mode, response.status_code] += 1
    if case.method == "POST" and case.path == "/v1/orders" and response.status_code == 202:
        _orders.append(response.json()["order_id"])
    COUNTS.write_text(json.dumps([[*what, count] for what, count in _answers.items()]))


def _an_order() -> str:
    """One that was placed before; the first is placed now."""
    return _orders[sum(_answers.values()) % len(_orders)] if _orders else _placed()


def _placed() -> str:
    """An order of its own for whoever wants to change it."""
    headers = {**AUTHORIZATION, "idempotency-key": str(uuid4())}
    answer = requests.post(f"{ADDRESS}/v1/orders", json=order(number=1), headers=headers, timeout=10)
    answer.raise_for_status()
    placed: str = answer.json()["order_id"]
    _orders.append(placed)
    return placed


def _held(order_id: str) -> str:
    headers = {**OPERATOR, "idempotency-key": str(uuid4())}
    body = {"type": "manual", "reason": "seen by hand"}
    answer = requests.post(f"{ADDRESS}/v1/orders/{order_id}/holds", json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    hold_id: str = answer.json()["hold_id"]
    return hold_id


def _written(write: Callable[[Joined, str], Awaitable[str]], order_id: str) -> str:
    """What a workflow would have written about the order."""

    async def written() -> str:
        async with await psycopg.AsyncConnection.connect(os.environ["PROOF_DATABASE"]) as connection:
            return await write(Joined(connection), order_id)

    return asyncio.run(written())


@cache
def _looked_at() -> tuple[str, str]:
    return _sent_back(0)


def _sent_back(received: int | None) -> tuple[str, str]:
    """An order whose goods have left, and a return of two pieces of it, of which so many have come; or the one that is
    only looked at."""
    if received is None:
        return _looked_at()

    async def write(database: Joined, order_id: str) -> str:
        await left(database, order_id, datetime.now(UTC), ledger=False)
        return await asked_back(database, order_id, state="authorised", received=received)

    order_id = _placed()
    return order_id, _written(write, order_id)


def _reserved(kind: str) -> str:
    """A reservation of its own for whoever wants to see or change it."""
    made: str = _send("/reservations", reservation(kind))["reservation_id"]
    return made


def _send(path: str, body: Json) -> Json:
    """What a POST has made under /v1/inventory."""
    headers = {**AUTHORIZATION, "idempotency-key": str(uuid4())}
    answer = requests.post(f"{ADDRESS}/v1/inventory{path}", json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    made: Json = answer.json()
    return made


@cache
def _problems() -> list[str]:
    listed = requests.get(f"{ADDRESS}/problems", timeout=10).json()["problems"]
    return [problem["code"] for problem in listed]


def _a_problem() -> str:
    return _problems()[sum(_answers.values()) % len(_problems())]
