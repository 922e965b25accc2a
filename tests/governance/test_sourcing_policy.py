"""`policies/sourcing.yaml`: what it says, where it is wrong, and what is usual without it."""

from pathlib import Path

import pytest

from gateway.domain.sourcing_policy import MoneyTerms, SourcingPolicy
from gateway.errors import Misconfigured
from gateway.governance.sourcing import load_sourcing
from gateway.settings import ROOT

LANES = "[{from: GB, to: GB, shipment: 4}]"


def written(folder: Path, lanes: str, weights: str = "{}", *, more: str = "") -> Path:
    file = folder / "sourcing.yaml"
    file.write_text(f"weights: {weights}\nlanes: {lanes}\n{more}")
    return file


def test_the_house_s_file_says_what_is_usual_without_one(tmp_path: Path) -> None:
    assert (
        load_sourcing(ROOT / "policies" / "sourcing.yaml") == load_sourcing(tmp_path / "none.yaml") == SourcingPolicy()
    )


def test_the_first_lane_that_fits_counts(tmp_path: Path) -> None:
    near, far = "{from: GB-SCT, to: GB-SCT, shipment: 300}", '{from: "*", to: FR, shipment: 900}'
    policy = load_sourcing(written(tmp_path, f"[{near}, {{from: GB, to: GB, shipment: 400}}, {far}]"))

    told = {
        (start, end): lane.shipment if (lane := policy.lane(start, end)) else None
        for start, end in (
            ("GB-SCT", "GB-SCT"),
            ("GB", "GB-SCT"),
            ("GB-ENG", "GB"),
            (None, "FR"),
            ("GB", "DE"),
            (None, "GB"),
        )
    }

    assert list(told.values()) == [300, 400, 400, 900, None, None]


@pytest.mark.parametrize(
    ("lanes", "weights", "fault"),
    [
        ("[]", "{}", "sourcing.yaml:2: 'lanes' must be a list of 1 to 1000 lanes"),
        ("[{from: GB, to: Britain, shipment: 4}]", "{}", "'to' must be a country or a part of one, like GB-SCT"),
        ("[{from: GB, to: GB}]", "{}", "lane 1: 'shipment' is missing; write 'shipment: 450'"),
        ("[{from: GB, to: GB, shipment: 4, late_percent: 101}]", "{}", "must be a whole number of 0 to 100, like 5"),
        ("[{from: GB, to: GB, shipment: 4}]", "{splt: 3}", "unknown key 'splt'; did you mean 'split'?"),
        ("[{from: GB, to: GB, shipment: 4}]", "{split: -3}", "must be a whole number of at least 0"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_mend(tmp_path: Path, lanes: str, weights: str, fault: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_sourcing(written(tmp_path, lanes, weights))

    assert fault in refused.value.detail


def test_what_a_section_leaves_out_is_as_usual(tmp_path: Path) -> None:
    policy = load_sourcing(written(tmp_path, LANES, more="money: {renew_before_minutes: 60}\n"))

    assert policy.money == MoneyTerms(renew_before_minutes=60)
    assert policy.pickup == SourcingPolicy().pickup


@pytest.mark.parametrize(
    ("money", "fault"),
    [
        ("{renew_before: 60}", "money: unknown key 'renew_before'; did you mean 'renew_before_minutes'?"),
        ("{renew_tries: 0}", "money: 'renew_tries' must be a whole number of 1 to 20, like 3"),
        ("{renew_again_minutes: soon}", "'renew_again_minutes' must be a whole number of at least 1, like 240"),
    ],
)
def test_when_money_is_held_anew_is_checked(tmp_path: Path, money: str, fault: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_sourcing(written(tmp_path, LANES, more=f"money: {money}\n"))

    assert fault in refused.value.detail
