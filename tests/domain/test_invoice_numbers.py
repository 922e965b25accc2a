"""The guard against paying twice: which invoices are one, and which look too much alike."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.domain.invoice_numbers import InvoiceMark, normalised, suspicion
from gateway.domain.money import Money

FIRST = InvoiceMark(
    supplier_id="sup_1", number="INV-0042", dated=date(2026, 3, 1), total=Money(12_000, "EUR"), document_hash="a1"
)


@pytest.mark.parametrize(
    ("written", "number"),
    [("INV-0042", "INV0042"), (" inv 0042/", "INV0042"), ("00042", "42"), ("0-0-7", "7"), ("000", "0"), ("４２", "42")],
)
def test_a_number_has_one_form(written: str, number: str) -> None:
    assert normalised(written) == number


@pytest.mark.parametrize("written", ["", " ", "-/.#"])
def test_a_number_of_nothing_is_none(written: str) -> None:
    with pytest.raises(ValueError, match="neither letter nor digit"):
        normalised(written)


@pytest.mark.parametrize(
    ("changed", "likeness"),
    [
        ({"number": "inv 0042", "total": Money(1, "EUR"), "dated": date(2026, 12, 31)}, "same_number"),
        ({"number": "inv 0042", "supplier_id": "sup_2"}, None),
        ({"number": "inv 0042", "dated": date(2027, 3, 1)}, None),  # another year, a year later
        ({"number": "X1", "document_hash": "a1", "total": Money(1, "EUR")}, "same_document"),
        ({"number": "X1", "document_hash": "a1", "supplier_id": "sup_2"}, None),
        ({"number": "INV-0043"}, "near_number"),  # one other
        ({"number": "INV-00422"}, "near_number"),  # one more
        ({"number": "INV-004"}, "near_number"),  # one less
        ({"number": "NV-0042"}, "near_number"),
        ({"number": "INV-0024"}, None),  # two changed places
        ({"number": "INV-0053"}, None),
        ({"number": "INV-004211"}, None),
        ({"number": "INV-0043", "total": Money(12_001, "EUR")}, None),
        ({"number": "INV-0043", "total": Money(12_000, "GBP")}, None),
        ({"number": "INV-0043", "dated": FIRST.dated + timedelta(days=45)}, "near_number"),
        ({"number": "INV-0043", "dated": FIRST.dated - timedelta(days=45)}, "near_number"),
        ({"number": "INV-0043", "dated": FIRST.dated + timedelta(days=46)}, None),
    ],
)
def test_invoices_that_look_alike_are_held(changed: dict[str, Any], likeness: str | None) -> None:
    second = replace(FIRST, **{"document_hash": "b2", **changed})

    found = suspicion(second, [FIRST])

    assert (found and found.likeness) == likeness


def test_the_same_number_at_the_turn_of_the_year_is_held_too() -> None:
    old = replace(FIRST, dated=date(2025, 12, 30))

    found = suspicion(replace(FIRST, dated=date(2026, 1, 3), document_hash="b2"), [old])

    assert found is not None
    assert (found.likeness, found.of, found.days_apart) == ("near_number", old, 4)
