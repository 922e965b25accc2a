"""How the REST adapters read what they are told: each answer is yes, no, not applied or not known."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.domain.money import Money
from gateway.errors import BackEndError, Failed, Rejected, Unknown
from gateway.ports import BackEnds
from gateway.told import STOCK, Page
from tests.adapters.answers import Said, no, said, told
from tests.adapters.ports.buying import bill, purchase, purchasing_of, receipt
from tests.adapters.ports.ground import order

EUR_30 = Money(30_00, "EUR")
HELD = {"id": "aut_1", "status": "authorised", "reference": "ord_1"}
BOOKED = {"id": "so_1", "number": "SO-1", "status": "confirmed", "reference": "k"}
ORDERED = {"id": "pur_1", "number": "PUR-1", "status": "open", "reference": "k"}
BILLED = {"id": "bil_1", "number": "BILL-1", "status": "posted", "reference": "k"}
SHIPPED = {"id": "shp_1", "status": "shipped", "shipped_at": "2026-11-23T10:00:00Z"}
COUNTED = {"as_of": "2026-11-23T10:00:00Z", "positions": [{"sku": "A", "gtin": None, "on_hand": 1}], "next": None}

MOVED = {
    "id": "m1",
    "node": "leeds",
    "sku": "A",
    "delta": -1,
    "reason": "shrink",
    "occurred_at": "2026-11-23T10:00:00Z",
}
WRONG_MOVES: tuple[dict[str, object], ...] = (
    {"id": ""},
    {"id": "m" * 256},
    {"id": "m\0"},
    {"sku": None},
    {"delta": 0},
    {"delta": 1.5},
    {"delta": 2**31},
    {"bucket": "attic"},
    {"sequence": 0},
    {"sequence": "1"},
    {"reference": 7},
    {"node": "../main"},
    {"occurred_at": "2026-11-23T10:00:00"},
)


def moved(**other: object) -> Said:
    return said({"changes": [MOVED | other], "last": "1", "more": False})


async def hold(back_ends: BackEnds) -> object:
    return await back_ends.payments.authorise("tok", EUR_30, reference="ord_1", key="k")


async def book(back_ends: BackEnds) -> object:
    return await back_ends.erp.book(order(), key="k")


async def cancel_booking(back_ends: BackEnds) -> object:
    return await back_ends.erp.cancel("so_1", key="k")


async def order_goods(back_ends: BackEnds) -> object:
    return await purchasing_of(back_ends).order_goods(purchase(), key="k")


async def cancel_purchase(back_ends: BackEnds) -> object:
    return await purchasing_of(back_ends).cancel_purchase("pur_1", key="k")


async def receive_goods(back_ends: BackEnds) -> object:
    return await purchasing_of(back_ends).receive_goods(receipt("pur_1"), key="k")


async def post_bill(back_ends: BackEnds) -> object:
    return await purchasing_of(back_ends).post_bill(bill("pur_1"), key="k")


async def find_held(back_ends: BackEnds) -> object:
    return await back_ends.payments.find("authorise", key="k")


async def find_booked(back_ends: BackEnds) -> object:
    return await back_ends.erp.find("book", key="k")


async def shipment(back_ends: BackEnds) -> object:
    return await back_ends.wms.shipment("shp_1")


async def stock(back_ends: BackEnds) -> list[Any]:
    return [page async for page in back_ends.wms.stock()]


async def changes(back_ends: BackEnds) -> Page:
    return await back_ends.changes[STOCK].since(None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((no(status, "declined"), Rejected) for status in (402, 409, 422)),
        *((no(status, "later"), Failed) for status in (401, 403, 404, 429, 503)),
        *(((status, b"<html>"), Failed) for status in (401, 403, 404, 429)),
        *((no(status, "broken"), Unknown) for status in (302, 400, 405, 410, 418, 500, 501, 502, 504)),
        *(((status, b"<html>"), Unknown) for status in (402, 409, 422, 503)),
        (said({"detail": "no code"}, 409), Unknown),
        (said(["declined"], 402), Unknown),
        (no(409, "key_reused"), Unknown),
        (no(503, "deadline_passed"), Failed),
        ((204, b""), Unknown),
        *(((200, body), Unknown) for body in (b"", b"{", b"[]", b"null", b'{"id": NaN}', b'{"id": "\xff"}')),
    ],
)
async def test_a_status_means_one_thing_only(answer: Said, error: type[BackEndError]) -> None:
    async with told(answer) as back_ends:
        with pytest.raises(BackEndError) as raised:
            await hold(back_ends)

    assert type(raised.value) is error


async def test_a_no_tells_its_reason() -> None:
    async with told(no(402, "declined")) as back_ends:
        with pytest.raises(Rejected) as raised:
            await hold(back_ends)

    facts = {"system": "payments", "operation": "authorise", "backend_status": 402}
    assert raised.value.facts == {**facts, "code": "declined", "said": "because"}


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (hold, said({**HELD, "id": "../aut_1"})),
        (hold, said({**HELD, "id": 7})),
        (hold, said({**HELD, "id": "a" * 65})),
        (hold, said({**HELD, "status": "pending"})),
        (hold, said({**HELD, "reference": "ord_2"})),
        (hold, said({**HELD, "expires_at": "next week"})),
        (hold, said({**HELD, "expires_at": "2026-12-03T10:00:00"})),
        (hold, said({**HELD, "expires_at": 1_796_000_000})),
        (book, said({**BOOKED, "reference": "another"})),
        (book, said({**BOOKED, "status": "draft"})),
        (book, said({"id": "so_1"})),
        (order_goods, said({**ORDERED, "reference": "another"})),
        (order_goods, said({**ORDERED, "status": "draft"})),
        (cancel_purchase, said({"id": "pur_1", "status": "open"})),
        (receive_goods, said({**BILLED, "status": "draft"})),
        (post_bill, said({**BILLED, "number": 7})),
        (find_held, said({"effects": None})),
        (find_held, said({"effects": ["aut_1"]})),
        (find_held, said({"effects": [{**HELD, "kind": "authorisation", "key": "another"}]})),
        (find_booked, said({"sales_orders": [{**BOOKED, "reference": "another"}]})),
        (shipment, said({**SHIPPED, "status": "lost"})),
        (shipment, said({**SHIPPED, "shipped_at": None})),
        (shipment, said({**SHIPPED, "shipped_at": "yesterday"})),
        (shipment, said({**SHIPPED, "shipped_at": "2026-11-23T10:00:00"})),
        (shipment, said({**SHIPPED, "shipped_at": 7})),
        (stock, said({**COUNTED, "as_of": None})),
        (stock, said({**COUNTED, "positions": {}})),
        (stock, said({**COUNTED, "positions": ["A"]})),
        (stock, said({**COUNTED, "positions": [{"sku": "A", "on_hand": -1}]})),
        (stock, said({**COUNTED, "positions": [{"sku": "A", "on_hand": 1.5}]})),
        (stock, said({**COUNTED, "positions": [{"sku": "A", "on_hand": True}]})),
        (stock, said({**COUNTED, "positions": [{"sku": "A", "on_hand": 1, "node": "Leeds 1"}]})),
        (stock, said({**COUNTED, "positions": [{"sku": "A", "on_hand": 1, "node": None}]})),
        (stock, said({**COUNTED, "next": "A"})),
        (stock, said({**COUNTED, "next": 7})),
        (stock, said({**COUNTED, "positions": [], "next": "A"})),
        (changes, said({"changes": [], "last": "1", "more": "no"})),
        (changes, said({"changes": ["A"], "last": "1", "more": False})),
        *((changes, moved(**wrong)) for wrong in WRONG_MOVES),
    ],
)
async def test_a_shape_that_was_not_promised_is_no_answer(
    ask: Callable[[BackEnds], Awaitable[object]], answer: Said
) -> None:
    async with told(answer) as back_ends:
        with pytest.raises(Unknown):
            await ask(back_ends)


@pytest.mark.parametrize(
    ("more", "facts"),
    [
        ({"expires_at": "2026-12-03T10:00:00Z"}, {"expires_at": "2026-12-03T10:00:00+00:00"}),
        ({"expires_at": None}, {}),
        ({}, {}),
    ],
    ids=["said", "null", "not said"],
)
async def test_until_when_money_is_held_is_told_where_it_is_said(
    more: dict[str, object], facts: dict[str, str]
) -> None:
    listed = {**HELD, **more, "kind": "authorisation", "key": "k"}
    async with told(said({**HELD, **more}), said({"effects": [listed]})) as back_ends:
        held = await back_ends.payments.authorise("tok", EUR_30, reference="ord_1", key="k")
        found = await back_ends.payments.find("authorise", key="k")

    assert (held.facts, found) == (facts, [held])


async def test_what_else_an_answer_says_is_ignored() -> None:
    taken = {"id": "cap_1", "status": "captured", "expires_at": "next week"}
    async with told(said(taken)) as back_ends:
        assert (await back_ends.payments.capture("aut_1", EUR_30, key="k")).facts == {}


async def test_an_answer_larger_than_agreed_is_no_answer() -> None:
    async with told(said({**HELD, "padding": "x" * 1024 * 1024})) as back_ends:
        with pytest.raises(Unknown):
            await hold(back_ends)


async def test_a_page_of_stock_may_be_larger_than_other_answers() -> None:
    async with told(said({**COUNTED, "padding": "x" * 2 * 1024 * 1024})) as back_ends:
        [page] = await stock(back_ends)

    assert [level.sku for level in page] == ["A"]


async def test_a_warehouse_of_one_node_need_not_name_it_and_number_nothing() -> None:
    async with told(
        said(COUNTED), said({"changes": [{**MOVED, "node": "main"}], "last": "1", "more": False})
    ) as back_ends:
        [[level]] = await stock(back_ends)
        [move] = (await changes(back_ends)).moves

    assert (level.node, move.node, move.bucket) == ("main", "main", "on_hand")
    assert (move.reference, move.sequence) == (None, None)


async def test_a_second_cancellation_is_believed_when_the_books_agree() -> None:
    async with told(no(409, "already_cancelled"), said({**BOOKED, "status": "cancelled"})) as back_ends:
        assert (await back_ends.erp.cancel("so_1", key="k")).id == "so_1"

    async with told(no(409, "already_cancelled"), said(BOOKED)) as back_ends:
        with pytest.raises(Unknown):
            await cancel_booking(back_ends)


async def test_a_second_cancellation_of_a_purchase_is_believed_when_the_books_agree() -> None:
    async with told(no(409, "already_cancelled"), said({**ORDERED, "status": "cancelled"})) as back_ends:
        assert (await purchasing_of(back_ends).cancel_purchase("pur_1", key="k")).id == "pur_1"

    async with told(no(409, "already_cancelled"), said(ORDERED)) as back_ends:
        with pytest.raises(Unknown):
            await cancel_purchase(back_ends)


async def test_a_bill_that_is_known_there_is_ours_when_it_bears_our_reference() -> None:
    async with told(no(409, "duplicate_invoice"), said({"supplier_bills": [BILLED]})) as back_ends:
        assert (await purchasing_of(back_ends).post_bill(bill("pur_1"), key="k")).id == "bil_1"

    async with told(no(409, "duplicate_invoice"), said({"supplier_bills": []})) as back_ends:
        with pytest.raises(Rejected):
            await post_bill(back_ends)


@pytest.mark.parametrize(("code", "known"), [("unknown_shipment", True), ("not_found", False)])
async def test_a_wrong_address_is_not_taken_for_an_unknown_thing(code: str, *, known: bool) -> None:
    async with told(no(404, code)) as back_ends:
        if known:
            assert await shipment(back_ends) is None
        else:
            with pytest.raises(Failed):
                await shipment(back_ends)
