"""Tryton's adapter before anything is asked of Tryton: the mapping, and orders as sales."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.tryton import Mapping, mapping_from
from adapters.tryton.sales import INHERITED, pieces, return_of, sale_of
from gateway.domain.credits import CreditLine, CreditMemo, Fee
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.errors import Misconfigured, Rejected
from gateway.governance.yaml import read_yaml
from tests.adapters.ports.ground import order

MAPPING = """\
company: 1
warehouse: 5
unit: 1
payment_term: 10
payment_method: 1
carrier: 1
register: 9
delivery: 70
rounding: 71
currencies: {EUR: 1}
countries: {GB: 2}
taxes: {"0.2": 2, "0.07": 3}
channels:
  web-uk: {party: 3, address: 4}
articles:
  LAMP-7: 62
  Mug-Red: 65
skip_warnings: [credit_limit_amount]
"""


def read(folder: Path, text: str = MAPPING) -> Mapping:
    path = folder / "tryton.yaml"
    path.write_text(text)
    document = read_yaml(path)
    return mapping_from(document.value, document.at)


def taxed(tax: int, *, mode: str, price: str = "10.00", quantity: int = 3) -> Order:
    placed = order(("LAMP-7", quantity), price=price)
    line = replace(placed.lines[0], tax=Money(tax, "EUR"))
    return replace(placed, lines=(line,), tax_mode=mode)


def memo(*fees: Fee) -> CreditMemo:
    """Two of three lamps at 8.33 and a tax of 20 %."""
    line = CreditLine("1", "lamp-7", 2, Money(16_66, "EUR"), Money(3_34, "EUR"))
    return CreditMemo(order_id="ord_1", sales_order="17", invoice="5", lines=(line,), fees=fees, reason="changed_mind")


def test_a_mapping_is_read_once_and_made_exact(tmp_path: Path) -> None:
    mapping = read(tmp_path)

    assert (mapping.register, mapping.rounding, mapping.articles["MUG-RED"]) == (9, 71, 65)
    assert mapping.taxes[Decimal("0.2")] == 2
    assert mapping.channels["web-uk"].party == 3
    assert mapping.skip_warnings == {"credit_limit_amount"}
    assert mapping.warehouses == {"main": 5}
    assert mapping.fees == {}


def test_further_warehouses_are_nodes_and_others_are_left_out(tmp_path: Path) -> None:
    mapping = read(tmp_path, MAPPING + "nodes: {leeds: 7}\nleft_out: [8]\n")

    assert mapping.warehouses == {"main": 5, "leeds": 7}
    assert mapping.left_out == {8}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("company: 1\n", "", ":1: 'company' is missing; give Tryton's id of it"),
        ("unit: 1", "unti: 1", ":3: unknown key 'unti'; known: articles,"),
        ("unit: 1", "unit: one", ":3: 'unit' must be one of Tryton's ids, a number from 1 on, not 'one'"),
        ("unit: 1", "unit: true", ":3: 'unit' must be one of Tryton's ids, a number from 1 on, not True"),
        ("EUR: 1", "EURO: 1", ":10: 'EURO' is no currency of ISO 4217; write one like EUR"),
        ('"0.2": 2', '"20": 2', ":12: '20' is no rate; write 19 % as '0.19'"),
        ("address: 4", "adress: 4", ":14: unknown key 'adress'; known: address, party"),
        ("  Mug-Red: 65", "  lamp-7: 65", ":17: 'lamp-7' stands here twice; keep one"),
        ("  Mug-Red: 65", "  Mug-Red: 62", ":15: 62 is mapped as 'LAMP-7' and as 'MUG-RED'; keep one"),
        ("unit: 1", "unit: 1\nnodes: {main: 7}", ":4: the node 'main' is what 'warehouse' names"),
        ("unit: 1", "unit: 1\nnodes: {Leeds: 7}", ":4: 'Leeds' is no name of a node; write one like leeds"),
        ("unit: 1", "unit: 1\nnodes: {leeds: 5}", ":4: warehouse 5 is the node 'main' already; keep one"),
        ("unit: 1", "unit: 1\nnodes: {leeds: 7, york: 7}", ":4: warehouse 7 is the node 'leeds' already; keep one"),
        ("unit: 1", "unit: 1\nleft_out: 7", ":4: must be a list of Tryton's ids of warehouses, like [7]"),
        ("unit: 1", "unit: 1\nfees: {gift: 7}", ":4: 'gift' is no fee; known: restocking, return_shipping"),
        ("[credit_limit_amount]", "all", ":18: must be a list of warnings' names, like [credit_limit_amount]"),
    ],
)
def test_a_wrong_mapping_is_told_by_place_and_mend(before: str, after: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as wrong:
        read(tmp_path, MAPPING.replace(before, after))

    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("net", "quantity", "quoted", "sold"),
    [
        ("22.50", 3, "7.50", [(3, "7.5000")]),
        ("10.00", 3, "4.00", [(3, "3.3333")]),
        ("100.00", 150, "1.00", [(149, "0.6666"), (1, "0.68")]),
        ("0.01", 1, "0.005", [(1, "0.0100")]),
        ("1.00", 1_000_000, "0.000001", [(999_999, "0.0000"), (1, "1.00")]),
        ("360", 3, "120", [(3, "120.0000")]),
    ],
)
def test_pieces_of_four_digits_come_to_the_same_amount(net: str, quantity: int, quoted: str, sold: Any) -> None:
    assert pieces(Decimal(net), quantity, Decimal(quoted)) == [(count, Decimal(price)) for count, price in sold]


@pytest.mark.parametrize(
    ("tax", "mode", "price", "tax_id"),
    [
        (6_00, "exclusive", Decimal(10), 2),
        (5_00, "inclusive", Decimal("8.3333"), 2),
        (2_10, "exclusive", Decimal(10), 3),
    ],
)
def test_a_line_gets_the_tax_that_comes_to_what_was_stated(
    tax: int, mode: str, price: Decimal, tax_id: int, tmp_path: Path
) -> None:
    sale = sale_of(taxed(tax, mode=mode), read(tmp_path), key="k")

    [line] = sale["lines"][0][1]
    assert (line["unit_price"], line["taxes"]) == (price, [["add", [tax_id]]])


def test_what_came_back_is_a_sale_of_less_than_nothing_and_its_fees_are_sold(tmp_path: Path) -> None:
    mapping = read(tmp_path, MAPPING + "fees: {restocking: 80}\n")
    sold = {"id": 17, **dict.fromkeys(INHERITED, 1)}

    sale = return_of(memo(Fee("restocking", Money(150, "EUR"))), sold, mapping, key="k")

    returned, fee = sale["lines"][0][1]
    assert sale["origin"] == "sale.sale,17"
    assert (returned["product"], returned["quantity"], returned["unit_price"]) == (62, -2, Decimal("8.33"))
    assert returned["taxes"] == [["add", [2]]]
    assert (fee["product"], fee["quantity"], fee["unit_price"]) == (80, 1, Decimal("1.50"))


def test_a_fee_that_is_not_mapped_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as refusal:
        return_of(
            memo(Fee("restocking", Money(150, "EUR"))),
            {"id": 17, **dict.fromkeys(INHERITED, 1)},
            read(tmp_path),
            key="k",
        )

    assert refusal.value.facts["code"] == "unknown_fee"


@pytest.mark.parametrize(
    ("placed", "facts"),
    [
        (taxed(4_00, mode="exclusive"), {"code": "tax_mismatch", "line": "1"}),
        (order(("LAMP-9", 1)), {"code": "unknown_sku", "line": "1"}),
        (order(currency="GBP"), {"code": "unknown_currency"}),
        (replace(order(), channel_id="fax"), {"code": "unknown_channel"}),
    ],
    ids=lambda each: each.get("code") if isinstance(each, dict) else "",
)
def test_what_the_mapping_has_no_word_for_is_rejected(placed: Order, facts: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Rejected) as refusal:
        sale_of(placed, read(tmp_path), key="k")

    assert refusal.value.facts.items() >= facts.items()
