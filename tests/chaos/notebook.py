"""The network as a client uses it, with a memory: every request and what came back, in the checker's words."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from httpx2 import (
    AsyncBaseTransport,
    AsyncHTTPTransport,
    ByteStream,
    Limits,
    Request,
    Response,
)

from tests.chaos.checker.evidence import Exchange, Wanted
from tests.chaos.checker.files import lines

Json = dict[str, Any]

OPERATIONS = (
    ("POST", re.compile(r"/v1/orders"), "place"),
    ("POST", re.compile(r"/v1/orders/([^/]+)/cancel"), "cancel"),
    ("POST", re.compile(r"/v1/orders/([^/]+)/fulfilments/([^/]+)/collect"), "collect"),
    ("GET", re.compile(r"/v1/orders/([^/]+)"), "read"),
)
REPEATED = ("content-type", "location", "etag")  # headers that belong to an answer, however often it is given
AT_ONCE = Limits(max_connections=64, max_keepalive_connections=64)


class Notebook:
    """What one partner's clients sent and were told, whichever edge they spoke to."""

    def __init__(self, partner: str, *, clock: Callable[[], float] = time.time) -> None:
        self.partner = partner
        self.now = clock
        self.exchanges: list[Exchange] = []
        self._wanted: dict[str, Wanted] = {}

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        return tuple(self._wanted.values())

    def network(self, limits: Limits = AT_ONCE) -> AsyncBaseTransport:
        """A connection pool whose exchanges are written down here."""
        return _Remembering(self, AsyncHTTPTransport(limits=limits))

    def note(self, request: Request, answered: tuple[Response, bytes] | None, *, sent: float) -> None:
        answer, content = answered or (None, b"")
        operation, order_id, part = operation_of(request)
        about_orders = not request.url.path.startswith("/v1/returns")  # which have ids and versions of their own
        told = _told(content) if answer is not None and answer.is_success and about_orders else {}
        digest = digest_of(request.content)
        if operation == "place" and digest not in self._wanted:
            with suppress(LookupError, TypeError, ValueError, ArithmeticError):  # what is no order is no wish
                self._wanted[digest] = wanted_of(self.partner, _told(request.content), request=digest)
        exchange = Exchange(
            sent=sent,
            answered=self.now(),
            partner=self.partner,
            operation=operation,
            key=request.headers.get("idempotency-key", "").strip('"') or None,
            request=digest,
            order_id=order_id or told.get("order_id"),
            status=answer.status_code if answer is not None else None,
            body=digest_of(content) if answer is not None else "",
            headers={name: answer.headers[name] for name in REPEATED if name in answer.headers} if answer else {},
            version=told.get("version"),
            stands=told.get("status") if operation == "read" else None,
            part=part,
            code=_told(request.content).get("code") if part else None,
        )
        self.exchanges.append(exchange)


class _Remembering(AsyncBaseTransport):
    """Passes everything on, and writes it down."""

    def __init__(self, notebook: Notebook, network: AsyncBaseTransport) -> None:
        self._notebook = notebook
        self._network = network

    async def handle_async_request(self, request: Request) -> Response:
        sent, told = self._notebook.now(), None
        await request.aread()
        try:
            answer = await self._network.handle_async_request(request)
            content = await answer.aread()
            told = (answer, content)
        finally:  # whoever gave up waiting has sent it all the same
            self._notebook.note(request, told, sent=sent)
        return Response(answer.status_code, headers=answer.headers, stream=ByteStream(content))

    async def aclose(self) -> None:
        await self._network.aclose()


def operation_of(request: Request) -> tuple[str, str | None, str | None]:
    """What is asked, and the order and the part that the address names."""
    for method, path, name in OPERATIONS:
        if request.method == method and (found := path.fullmatch(request.url.path)):
            order_id, part, *_ = (*found.groups(), None, None)
            return name, order_id, part
    return "other", None, None


def digest_of(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def wanted_of(partner: str, body: Json, *, request: str = "") -> Wanted:
    """An order as its client meant it. Half a penny is rounded up, line by line."""
    total = body["totals"]["grand_total"]
    goods = [_minor(Decimal(line["unit_price"]) * line["quantity"]) for line in body["lines"]]
    added = [_added(line, exclusive=body["tax_mode"] == "exclusive") for line in body["lines"]]
    return Wanted(
        partner=partner,
        request=request,
        channel=body["channel"]["channel_id"],
        channel_order_id=body["channel_order_id"],
        amount=total["amount"],
        currency=total["currency"],
        goods=sum(goods),
        lines=lines(body["lines"]) or (),
        prices=tuple((line["line_id"], str(line["unit_price"])) for line in body["lines"]),
        worth=tuple((line["line_id"], a + b) for line, a, b in zip(body["lines"], goods, added, strict=True)),
        shipping=body["totals"]["shipping"]["amount"],
    )


def _minor(pounds: Decimal) -> int:
    return int((pounds * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _added(line: Json, *, exclusive: bool) -> int:
    """What a line costs besides its goods."""
    tax = line.get("tax", {}).get("amount", 0) if exclusive else 0
    return int(tax - line.get("discount", {}).get("amount", 0))


def _told(content: bytes) -> Json:
    try:
        read = json.loads(content)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
