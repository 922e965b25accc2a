"""Invoices become orders by one rule; what is left out is counted by reason."""

from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest

from adapters.sandbox import load_catalogue
from gateway.cli.replay_file import read_rows
from gateway.cli.replay_orders import Sales, body_of, sales_of, write_catalogue
from gateway.domain.orders import order_from
from gateway.settings import ROOT
from tests.cli.sheets import line, sheet

REAL = ROOT.parent / "shared" / "data" / "online_retail_2010-12.csv.gz"


def sold(folder: Path, *lines: str) -> Sales:
    return sales_of(read_rows(sheet(folder, *lines)))


def test_an_invoice_is_an_order_unless_its_number_begins_with_c(tmp_path: Path) -> None:
    sales = sold(
        tmp_path, line("536365"), line("C536366", quantity="-6"), line("C536366", quantity="-1"), line("536367")
    )

    assert [invoice.number for invoice in sales.orders] == ["536365", "536367"]
    assert sales.no_orders == {"cancellation": 1, "no goods left": 0}


def test_postage_becomes_the_shipping_charge(tmp_path: Path) -> None:
    lines = [line(code=code, quantity="2", price="1.25") for code in ("POST", "DOT", "c2")]

    [invoice] = sold(tmp_path, line(), *lines).orders

    assert invoice.shipping == Decimal("7.50")
    assert body_of(invoice, "web")["shipping_charge"] == {"amount": 750, "currency": "GBP"}


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    sales = sold(
        tmp_path, line(), line(code="BANK CHARGES"), line(quantity="-3"), line(price="0"), line("536399", price="0.000")
    )

    assert sales.left_out == {"code is no product": 1, "quantity not positive": 1, "price not positive": 2}
    assert (sales.lines, sales.no_orders["no goods left"]) == (1, 1)


def test_totals_are_rounded_half_up_line_by_line(tmp_path: Path) -> None:
    [invoice] = sold(
        tmp_path, line(quantity="3", price="0.335"), line(quantity="1", price="0.125"), line(code="POST", quantity="1")
    ).orders

    body = body_of(invoice, "web")

    order = order_from(body, "ord")
    assert order.totals == order.computed()
    assert (order.totals.items.amount, order.payment.amount.amount) == (101 + 13, 101 + 13 + 255)


def test_an_order_says_that_the_file_has_no_address(tmp_path: Path) -> None:
    known, guest = sold(tmp_path, line("1"), line("2", customer="")).orders

    bodies = [body_of(invoice, "web") for invoice in (known, guest)]

    addresses = [body["delivery_groups"][0]["address"] for body in bodies]
    assert [address["name"] for address in addresses] == ["customer 17850", "guest"]
    assert addresses[0]["lines"] == ["address not in file"]
    assert [body["customer"] for body in bodies] == [{"type": "person", "customer_ref": "17850"}, {"type": "person"}]
    assert bodies[0]["payment"]["token"] == "tok_1"


def test_the_catalogue_stocks_what_the_file_sells_whatever_the_case(tmp_path: Path) -> None:
    sales = sold(tmp_path, line(code="85123a", quantity="2"), line(code="85123A", quantity="3"), line(code="71053"))

    write_catalogue(sales, tmp_path / "catalogue.csv")

    assert [(each.sku, each.on_hand) for each in load_catalogue(tmp_path / "catalogue.csv")] == [
        ("71053", 6),
        ("85123A", 5),
    ]


@pytest.fixture(scope="module")
def real() -> Sales:
    if not REAL.exists():
        pytest.skip(f"THE REAL ORDERS WERE NOT READ: there is no {REAL}")
    return sales_of(read_rows(REAL))


def test_the_real_file_comes_to_the_sums_that_are_known(real: Sales) -> None:
    assert (len(real.orders), real.lines, real.goods) == (922, 25_200, 473_954_48)
    assert real.no_orders["cancellation"] == 148


def test_every_real_order_keeps_the_contract(real: Sales, order_body: jsonschema_rs.Validator) -> None:
    broken = {i.number: [e.message for e in order_body.iter_errors(body_of(i, "web"))][:1] for i in real.orders}

    assert {number: errors for number, errors in broken.items() if errors} == {}
