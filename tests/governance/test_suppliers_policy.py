"""`policies/suppliers.yaml`: what it says, where it is wrong, and what is usual without it."""

from pathlib import Path

import pytest

from gateway.domain.confirmations import Tolerances
from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.domain.receiving import ReceivingTerms
from gateway.errors import Misconfigured
from gateway.governance.receiving import load_receiving
from gateway.governance.suppliers import load_clocks, load_suppliers
from gateway.settings import ROOT


def test_the_house_s_file_says_what_is_usual_without_one(tmp_path: Path) -> None:
    assert load_suppliers(ROOT / "policies" / "suppliers.yaml") == load_suppliers(tmp_path / "none") == Tolerances()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{price_percent: 2, fewer_percent: 2}", "confirmations: 'days_late' is missing; write 'days_late: 2'"),
        ("{price_percent: 2.5, fewer_percent: 2, days_late: 2}", "'price_percent' must be a whole number of 0 to 100"),
        ("{price_percent: 2, fewer_percents: 2, days_late: 2}", "did you mean 'fewer_percent'?"),
        ("2", "confirmations must be a mapping"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_mend(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "suppliers.yaml"
    file.write_text(f"confirmations: {text}\nclocks: {{}}\nreceipts: {{}}\nmatching: {{}}\n")

    with pytest.raises(Misconfigured) as told:
        load_suppliers(file)

    assert "suppliers.yaml:1: " in str(told.value)
    assert fault in str(told.value)


def test_the_house_s_clocks_are_the_usual_ones(tmp_path: Path) -> None:
    assert load_clocks(ROOT / "policies" / "suppliers.yaml") == load_clocks(tmp_path / "none") == PurchaseClocks()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{remind_hours: 24}", "clocks: 'escalate_hours' is missing; write 'escalate_hours: 36'"),
        ("{remind_hours: 0, escalate_hours: 36}", "'remind_hours' must be a whole number of 1 to 8760"),
        ("{remind_hours: 24, escalate_hours: 12}", "a buyer is told after the supplier was reminded: at least 24"),
        ("{remind_hours: 24, escalate_hours: 36, missing_days: 4}", "was reminded: at most 3"),
        (
            "{remind_hours: 24, escalate_hours: 36, notice_days: 400}",
            "'notice_days' must be a whole number of 0 to 365",
        ),
    ],
)
def test_clocks_that_are_wrong_are_named_with_their_place_and_mend(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "suppliers.yaml"
    file.write_text(f"confirmations: {{}}\nclocks: {text}\nreceipts: {{}}\nmatching: {{}}\n")

    with pytest.raises(Misconfigured) as told:
        load_clocks(file)

    assert "suppliers.yaml:2: " in str(told.value)
    assert fault in str(told.value)


def test_how_many_too_many_are_taken_stands_there_too(tmp_path: Path) -> None:
    house, file = ROOT / "policies" / "suppliers.yaml", tmp_path / "suppliers.yaml"
    file.write_text("confirmations: {}\nclocks: {}\nreceipts: {over_percent: 101}\nmatching: {}\n")

    with pytest.raises(Misconfigured) as told:
        load_receiving(file)

    assert load_receiving(house) == load_receiving(tmp_path / "none") == ReceivingTerms()
    assert "'over_percent' must be a whole number of 0 to 100" in str(told.value)
