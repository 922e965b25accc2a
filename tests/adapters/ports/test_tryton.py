"""What is peculiar to Tryton, shown on it: sessions, warnings, totals, twins, and answers that lie about themselves."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from adapters.tryton import Roles, tryton_back_ends
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.errors import Failed, Rejected
from tests.adapters.ports.ground import HOME, order
from tests.adapters.ports.on_tryton import login_of, mapping_of
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton, tryton

pytestmark = pytest.mark.proof


@dataclass(slots=True)
class Line(httpx2.AsyncBaseTransport):
    """A network that counts the log-ins, can end a session, and can lie about what we accept."""

    carrier: httpx2.AsyncBaseTransport
    accepts: str = "gzip"
    ended: bool = False
    log_ins: int = 0
    labels: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        method = json.loads(request.content)["method"]
        self.log_ins += method == "common.db.login"
        request.headers["accept-encoding"] = self.accepts
        if self.ended and method.endswith("search_read"):
            self.ended = False
            request.headers["authorization"] = "Session b21uaWdhdGU6MjpvdmVy"
        answer = await self.carrier.handle_async_request(request)
        self.labels.append(answer.headers.get("content-encoding", ""))
        return answer


@asynccontextmanager
async def connected(server: Tryton, *, ticks: Any = lambda: 0.0, **other: Any) -> AsyncIterator[tuple[Roles, Line]]:
    login = replace(login_of(server), **{name: other.pop(name) for name in ("user", "password") if name in other})
    async with httpx2.AsyncHTTPTransport(trust_env=False) as network:
        line = Line(network)
        async with tryton_back_ends(login, mapping_of(server, **other), transport=line, ticks=ticks) as roles:
            yield roles, line


def named() -> str:
    return f"ord_{uuid4().hex}"


def sales(clerk: Clerk, key: str) -> list[dict[str, Any]]:
    return clerk.found("sale.sale", ["state", "sale_date", "number", "total_amount"], ("reference", "=", key))


def taxed(tax: int, *, mode: str, price: str, quantity: int = 3) -> Order:
    placed = order(("LAMP-7", quantity), price=price, order_id=named())
    line, goods = replace(placed.lines[0], tax=Money(tax, "EUR")), placed.totals.items
    total = goods if mode == "inclusive" else goods + Money(tax, "EUR")
    totals = replace(placed.totals, tax=Money(tax, "EUR"), grand_total=total)
    return replace(placed, lines=(line,), tax_mode=mode, totals=totals)


@pytest.mark.parametrize("accepts", ["gzip", "identity"])
async def test_a_large_answer_is_read_whatever_its_label_says(accepts: str, tryton_server: Tryton) -> None:
    every = {"articles": tryton_server.seed["products"]}
    async with connected(tryton_server, **every) as (roles, line):
        line.accepts = accepts

        levels = [level async for page in roles.wms.stock() for level in page]

        assert len(levels) == len(every["articles"])
        assert line.labels[-1] == "gzip"


async def test_a_session_is_shared_and_renewed_once_when_it_is_over(tryton_server: Tryton) -> None:
    async with connected(tryton_server) as (roles, line):
        for _ in range(3):
            await roles.erp.find("book", key="never")
        line.ended = True

        assert await roles.erp.find("book", key="never") == []
        assert line.log_ins == 2


async def test_a_refused_password_is_not_tried_again_soon(tryton_server: Tryton) -> None:
    now = [0.0]
    async with connected(tryton_server, ticks=lambda: now[0], user="nobody", password="wrong") as (roles, line):
        for _ in range(3):
            with pytest.raises(Failed):
                await roles.erp.find("book", key="never")
        asked_soon, now[0] = line.log_ins, 301.0

        with pytest.raises(Failed):
            await roles.erp.find("book", key="never")

        assert (asked_soon, line.log_ins) == (1, 2)


@pytest.fixture
def doubtful(clerk: Clerk, tryton_server: Tryton) -> dict[str, Any]:
    """A channel whose customer has next to no credit, which Tryton warns of."""
    [party] = clerk.ask("party.party.create", [{"name": named(), "addresses": [["create", [{"city": "York"}]]]}])
    clerk.ask("party.party.write", [party], {"credit_limit_amount": {"__class__": "Decimal", "decimal": "1.00"}})
    [address] = clerk.found("party.address", ["city"], ("party", "=", party))
    return {"channels": {"web-uk": {"party": party, "address": address["id"]}}}


async def test_a_warning_is_a_no_and_leaves_nothing_confirmed(
    tryton_server: Tryton, clerk: Clerk, doubtful: dict[str, Any]
) -> None:
    placed, key = order(order_id=named()), named()
    async with connected(tryton_server, **doubtful) as (roles, _):
        for _ in range(2):
            with pytest.raises(Rejected) as refusal:
                await roles.erp.book(placed, key=key)

        assert await roles.erp.find("book", key=key) == []
        assert refusal.value.facts["code"] in ("warning", "refused")
    assert [(each["state"], each["sale_date"]) for each in sales(clerk, key)] == [("cancelled", None)]


async def test_a_warning_is_skipped_where_the_mapping_says_so(tryton_server: Tryton, doubtful: dict[str, Any]) -> None:
    async with connected(tryton_server, **doubtful, skip_warnings=["credit_limit_amount"]) as (roles, _):
        booked = await roles.erp.book(order(order_id=named()), key=named())

    assert booked.facts["status"] == "confirmed"


@pytest.mark.parametrize(
    ("tax", "mode", "price", "total"),
    [(6_00, "exclusive", "10.00", "36.00"), (5_00, "inclusive", "10.00", "30.00"), (1, "inclusive", "0.03", "0.09")],
)
async def test_a_sale_comes_to_what_was_promised(
    tax: int, mode: str, price: str, total: str, tryton_server: Tryton, clerk: Clerk
) -> None:
    key = named()
    async with connected(tryton_server) as (roles, _):
        await roles.erp.book(taxed(tax, mode=mode, price=price), key=key)

    [sale] = sales(clerk, key)
    assert sale["total_amount"]["decimal"] == total


async def test_a_total_that_tryton_cannot_come_to_is_refused_before_anything_is_confirmed(
    tryton_server: Tryton, clerk: Clerk
) -> None:
    key, placed = named(), order(order_id=named())
    dearer = replace(placed, totals=replace(placed.totals, grand_total=Money(23_00, "EUR")))
    async with connected(tryton_server) as (roles, _):
        with pytest.raises(Rejected) as refusal:
            await roles.erp.book(dearer, key=key)

    assert refusal.value.facts["code"] == "total_mismatch"
    assert [(each["state"], each["number"]) for each in sales(clerk, key)] == [("cancelled", None)]


async def test_of_twins_one_is_confirmed_and_one_that_lands_late_is_nothing(
    tryton_server: Tryton, clerk: Clerk
) -> None:
    placed, key = order(order_id=named()), named()
    async with connected(tryton_server) as (roles, _):
        booked = await roles.erp.book(placed, key=key)
        clerk.ask("sale.sale.copy", [int(booked.id)], {"reference": key, "description": None})  # lands only now

        again = await roles.erp.book(placed, key=key)

        assert again == booked
        assert await roles.erp.find("book", key=key) == [booked]
    assert sorted(each["state"] for each in sales(clerk, key)) == ["draft", "processing"]


async def test_what_a_clerk_has_confirmed_meanwhile_is_booked(tryton_server: Tryton, clerk: Clerk) -> None:
    placed, key = order(order_id=named()), named()
    async with connected(tryton_server) as (roles, _):
        booked = await roles.erp.book(placed, key=key)
        released = await roles.wms.release(placed, HOME, key=key)
        for step in ("pick", "pack", "ship"):
            clerk.ask(f"stock.shipment.out.{step}", [int(released.id)])

        assert await roles.wms.release(placed, HOME, key=key) == released
        assert await roles.erp.book(placed, key=key) == booked


async def test_a_short_release_keeps_nothing_reserved(tryton_server: Tryton, clerk: Clerk) -> None:
    placed = order(("CHAIR-OAK", 499), ("LAST-ONE", 1_000), order_id=named())
    async with connected(tryton_server) as (roles, _):
        await roles.erp.book(placed, key=named())
        with pytest.raises(Rejected) as refusal:
            await roles.wms.release(placed, HOME, key=named())

    assert refusal.value.facts["code"] == "short"
    chair = tryton_server.seed["products"]["CHAIR-OAK"]
    assert clerk.found("stock.move", ["state"], ("product", "=", chair), ("state", "=", "assigned")) == []


async def test_where_tryton_works_off_a_queue_a_confirmed_sale_is_processed_by_its_release(tmp_path: Path) -> None:
    placed = order(order_id=named())
    with tryton(tmp_path, queued=True) as server:
        async with connected(server) as (roles, _):
            booked = await roles.erp.book(placed, key="k")
            [before] = Clerk(server).found("sale.sale", ["state"], ("id", "=", int(booked.id)))

            released = await roles.wms.release(placed, HOME, key="r")

    assert (before["state"], released.kind) == ("confirmed", "shipment")
