"""`policies/suppliers.yaml`, section `matching`: what it says, where it is wrong, and what is usual without it."""

from pathlib import Path

import pytest

from gateway.domain.matching_terms import MatchingRules
from gateway.errors import Misconfigured
from gateway.governance.bundle import load_bundle
from gateway.governance.matching import load_matching
from gateway.settings import ROOT

HOUSE = ROOT / "policies" / "suppliers.yaml"


def test_the_house_s_file_says_what_is_usual_without_one(tmp_path: Path) -> None:
    bundle = load_bundle(ROOT / "contracts" / "openapi", ROOT / "policies")

    assert bundle.matching == load_matching(HOUSE) == load_matching(tmp_path / "none.yaml") == MatchingRules()


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("price_points: 200", "price_points: 2.5", "'price_points' must be a whole number of 0 to 10000"),
        ("price_points: 200", "price_points: 10001", "'price_points' must be a whole number of 0 to 10000"),
        ("price_cap: 5000", "price_cap: -1", "'price_cap' must be a whole number of 0 to"),
        ("price_cap: 5000", "prise_cap: 5000", "unknown key 'prise_cap'; did you mean 'price_cap'?"),
        ("  price_cap: 5000\n", "", "'price_cap' is missing; write 'price_cap: 5000'"),
        ("matching:", "macthing:", "unknown key 'macthing'; did you mean 'matching'?"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_mend(tmp_path: Path, right: str, wrong: str, fault: str) -> None:
    file = tmp_path / "suppliers.yaml"
    file.write_text(HOUSE.read_text().replace(right, wrong))

    with pytest.raises(Misconfigured) as refused:
        load_matching(file)

    assert fault in refused.value.detail
    assert "suppliers.yaml:" in refused.value.detail
