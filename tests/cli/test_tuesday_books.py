"""The Tuesday's reckoning: honest books are found right, and each way of cooking them is found out."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from gateway.cli.tuesday import Tuesday
from gateway.cli.tuesday_books import Bought, Closing, closing, reckon, rows
from gateway.cli.tuesday_scenes import DEALS

Json = dict[str, Any]
PURCHASE = ("erp", "purchase_order")


def effect(system: str, kind: str, name: str, lines: list[Json], amount: int = 0, **data: str) -> Json:
    money = {"amount": amount, "currency": "GBP"}
    return {"system": system, "kind": kind, "id": name, "lines": lines, "amount": money, "data": data or None}


def line(**told: int) -> Json:
    return {"line_id": "1", "sku": "LANTERN", **told}


def invoice(number: str, status: str) -> Json:
    billed = [line(quantity=96, unit_price=2038, amount=195_648)]
    return {"invoice_number": number, "status": status, "lines": billed, "total": 195_648}


def honest() -> Bought:
    """120 were ordered, 100 agreed to and sent, 96 whole and billed a little too dear; and billed again, in vain."""
    order = {"po_number": "PO-1", "lines": [line(quantity=100, unit_price=2000)], "total": {"amount": 200_000}}
    billed = invoice("INV-1", "approved")
    effects = [
        effect(*PURCHASE, "pur_1", [line(quantity=120)], 240_000),
        effect("erp", "purchase_cancel", "pur_1", [], 240_000),
        effect(*PURCHASE, "pur_2", [line(quantity=100)], 200_000),
        effect("supplier", "message", "spm_1", [line(quantity=120)]),
        effect("supplier", "shipped", "po_1", [line(quantity=100)]),
        effect("erp", "goods_receipt", "grn_1", [line(accepted=96, damaged=4)], receipt_number="GR-1"),
        effect("erp", "bill", "bil_1", billed["lines"], 195_648, invoice_number="INV-1"),
    ]
    return Bought(
        order,
        [{"asn_number": "ASN-1", "lines": [line(quantity=100)]}],
        [{"receipt_number": "GR-1", "lines": [line(received=100, damaged=4, accepted=96)]}],
        [billed, invoice("INV-1A", "rejected")],
        effects,
    )


def verdicts(bought: Bought) -> list[tuple[str, str]]:
    return [(finding.about, finding.verdict) for finding in reckon(bought)]


def test_honest_books_agree() -> None:
    told = {row.name: (row.ours.pieces, row.ours.amount, row.agrees) for row in rows(honest())}

    assert reckon(honest()) == []
    assert told == {
        "order PO-1": (100, 200_000, True),
        "notice ASN-1": (100, 200_000, True),
        "receipt GR-1": (96, 192_000, True),
        "invoice INV-1": (96, 195_648, True),
        "invoice INV-1A, rejected": (0, 0, True),
    }
    assert closing(honest()) == Closing(195_648, 195_648, 192_000)


@pytest.mark.parametrize(
    ("place", "about"), [(2, "order PO-1"), (4, "notice ASN-1"), (5, "receipt GR-1"), (6, "invoice INV-1")]
)
def test_no_document_is_missing_or_twice_there(place: int, about: str) -> None:
    missing, twice = (deepcopy(list(honest().effects)) for _ in range(2))
    del missing[place]
    twice.append(twice[place])

    found = [verdicts(replace(honest(), effects=each)) for each in (missing, twice)]

    assert found == [[(about, "lost")], [(about, "doubled")]]


def a_penny_less(effects: list[Json]) -> None:
    effects[6]["amount"]["amount"] -= 1


def a_piece_more(effects: list[Json]) -> None:
    effects[5]["lines"][0]["accepted"] += 1


def not_reversed(effects: list[Json]) -> None:
    del effects[1]


def rejected_and_posted(effects: list[Json]) -> None:
    effects.append(effect("erp", "bill", "bil_2", effects[6]["lines"], 195_648, invoice_number="INV-1A"))


def of_nobody(effects: list[Json]) -> None:
    effects.append(effect("erp", "bill", "bil_3", [], 100, invoice_number="INV-9"))


@pytest.mark.parametrize(
    ("cooked", "found"),
    [
        (a_penny_less, ("invoice INV-1", "lost")),
        (a_piece_more, ("receipt GR-1", "doubled")),
        (not_reversed, ("order PO-1", "doubled")),
        (rejected_and_posted, ("invoice INV-1A, rejected", "doubled")),
        (of_nobody, ("INV-9", "doubled")),
    ],
)
def test_what_differs_is_found(cooked: Callable[[list[Json]], None], found: tuple[str, str]) -> None:
    effects = deepcopy(list(honest().effects))
    cooked(effects)

    assert verdicts(replace(honest(), effects=effects)) == [found]


def test_the_broken_ones_are_not_paid_for() -> None:
    bought = deepcopy(honest())
    for lines in (bought.invoices[0]["lines"], bought.effects[6]["lines"]):
        lines[0]["quantity"] = 100

    assert verdicts(bought) == [("line 1", "doubled")]


def test_nothing_dearer_than_is_tolerated_is_paid() -> None:
    bought = deepcopy(honest())
    bought.invoices[0]["lines"][0]["unit_price"] = 2041

    assert verdicts(bought) == [("LANTERN", "doubled")]


def test_a_scene_that_ends_otherwise_and_books_that_differ_are_complaints() -> None:
    effects = [each for each in honest().effects if each["kind"] != "bill"]
    lacking = replace(honest(), effects=effects)
    well = Tuesday({each: each.expected for each in DEALS}, rows(honest()), closing(honest()), [], [], [], 1.0)
    badly = Tuesday(
        {DEALS[0]: "no end"},
        rows(lacking),
        closing(lacking),
        reckon(lacking),
        ["suppliers/not_ordered of po_1"],
        [],
        1.0,
    )

    assert well.complaints() == []
    assert badly.complaints() == [
        "lost: invoice INV-1: there 0 times, and not 1",
        "waits for a person: suppliers/not_ordered of po_1",
        f"{DEALS[0].title}: no end, and not {DEALS[0].expected}",
        *(f"{each.title}: not played" for each in DEALS[1:]),
    ]
