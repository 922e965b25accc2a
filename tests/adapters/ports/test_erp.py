"""`Erp`, whoever provides it: what it does to the sales ledger."""

from dataclasses import replace

import pytest

from gateway.domain.money import Money
from gateway.errors import Failed, Rejected
from tests.adapters.ports.ground import Ground, order


async def test_an_order_is_booked_with_its_totals(ground: Ground) -> None:
    booked = await ground.back_ends.erp.book(order(("LAMP-7", 3), ("MUG-RED", 1)), key="book")

    [effect] = await ground.effects("erp", kind="sales_order")
    assert (effect["id"], effect["reference"], effect["order_id"]) == (booked.id, "book", "ord_1")
    assert effect["amount"] == {"amount": 30_00, "currency": "EUR"}
    assert effect["data"]["goods"] == 30_00
    assert booked.facts == {"number": effect["data"]["number"], "status": "confirmed"}


@pytest.mark.parametrize(
    ("price", "quantity", "currency", "written", "total"),
    [
        ("2.55", 6, "GBP", "2.55", 15_30),
        ("0", 6, "GBP", "0", 0),
        ("0.005", 1, "GBP", "0.005", 1),
        ("0.000001", 1_000_000, "EUR", "0.000001", 1_00),
        ("1E+2", 2, "EUR", "100", 200_00),
        ("1.10", 3, "EUR", "1.10", 3_30),
        ("120", 3, "JPY", "120", 360),
        ("1.2345", 2, "KWD", "1.2345", 2_469),
    ],
)
async def test_prices_arrive_as_they_were_quoted(
    ground: Ground, price: str, quantity: int, currency: str, written: str, total: int
) -> None:
    await ground.back_ends.erp.book(order(("LAMP-7", quantity), price=price, currency=currency), key="book")

    [effect] = await ground.effects("erp", kind="sales_order")
    assert [(line["unit_price"], line["total"]) for line in effect["lines"]] == [(written, total)]
    assert effect["amount"] == {"amount": total, "currency": currency}


async def test_a_guest_and_a_thousand_lines_are_booked(ground: Ground) -> None:
    placed = order(*[("LAMP-7", 1)] * 1_000)
    guest = replace(placed, customer=replace(placed.customer, customer_ref=None))

    await ground.back_ends.erp.book(guest, key="book")

    [effect] = await ground.effects("erp", kind="sales_order")
    assert len(effect["lines"]) == 1_000


async def test_what_the_erp_does_not_sell_is_rejected(ground: Ground) -> None:
    erp = ground.back_ends.erp

    with pytest.raises(Rejected) as refusal:
        await erp.book(order(("NOTHING-LIKE-IT", 1)), key="book")

    assert refusal.value.facts["code"] == "unknown_sku"
    assert await erp.find("book", key="book") == []


async def test_skus_compare_without_case(ground: Ground) -> None:
    await ground.back_ends.erp.book(order(("lamp-7", 1)), key="book")

    assert (await ground.books("erp"))["live"] == 1


async def test_a_cancelled_order_leaves_the_balance(ground: Ground) -> None:
    erp = ground.back_ends.erp
    booked = await erp.book(order(), key="book")

    await erp.cancel(booked.id, key="cancel")

    books = await ground.books("erp")
    assert (books["live"], books["cancelled"]) == (0, 1)


async def test_cancelling_what_is_cancelled_is_no_error(ground: Ground) -> None:
    erp = ground.back_ends.erp
    booked = await erp.book(order(), key="book")
    await erp.cancel(booked.id, key="cancel")

    again = await erp.cancel(booked.id, key="cancel again")

    assert again.id == booked.id
    assert len(await ground.effects("erp", kind="cancel")) == 1


async def test_a_booking_is_found_also_when_it_was_cancelled(ground: Ground) -> None:
    erp = ground.back_ends.erp
    booked = await erp.book(order(), key="book")
    await erp.cancel(booked.id, key="cancel")

    [found] = await erp.find("book", key="book")

    assert (found.id, found.facts["status"]) == (booked.id, "cancelled")


async def test_a_cancellation_is_looked_up_by_its_sales_order(ground: Ground) -> None:
    erp = ground.back_ends.erp
    booked = await erp.book(order(), key="book")

    assert await erp.find("cancel", key="cancel", subject=booked.id) == []
    assert await erp.find("cancel", key="cancel", subject="so_never") == []
    with pytest.raises(ValueError, match="by their sales order"):
        await erp.find("cancel", key="cancel")


async def test_what_is_invoiced_is_not_cancelled(ground: Ground) -> None:
    erp = ground.back_ends.erp
    booked = await erp.book(order(), key="book")
    await erp.invoice(booked.id, Money(22_50, "EUR"), capture="cap_1", key="invoice")

    with pytest.raises(Rejected) as refusal:
        await erp.cancel(booked.id, key="cancel")

    assert refusal.value.facts["code"] == "already_invoiced"
    assert (await ground.books("erp"))["live"] == 1


async def test_an_invoice_records_its_payment(ground: Ground) -> None:
    erp = ground.back_ends.erp
    booked = await erp.book(order(), key="book")

    posted = await erp.invoice(booked.id, Money(22_50, "EUR"), capture="cap_1", key="invoice")

    [effect] = await ground.effects("erp", kind="invoice")
    assert (effect["id"], effect["data"]["payment"], effect["data"]["paid"]) == (posted.id, "cap_1", 22_50)
    assert (await ground.books("erp"))["invoiced"] == {"EUR": 22_50}


async def test_the_undo_of_what_never_happened_changes_nothing(ground: Ground) -> None:
    with pytest.raises(Failed):
        await ground.back_ends.erp.cancel("so_never", key="cancel")

    assert await ground.effects("erp") == []
