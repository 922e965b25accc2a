"""The numbers about stock, and the words for a broken file."""

from pathlib import Path

import pytest

from gateway.domain.inventory import InventoryPolicy
from gateway.errors import Misconfigured
from gateway.governance.inventory import load_inventory
from gateway.settings import ROOT

SOUND = (ROOT / "policies" / "inventory.yaml").read_text("utf-8")


def test_what_stands_in_the_file_is_what_the_code_takes_for_usual() -> None:
    assert load_inventory(ROOT / "policies" / "inventory.yaml") == InventoryPolicy()


def test_a_folder_from_before_goes_by_the_usual_numbers(tmp_path: Path) -> None:
    assert load_inventory(tmp_path / "inventory.yaml") == InventoryPolicy()


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("usual: 10", "usual: 300", "soft: 'usual' is more than 'most'; make it at most that"),
        ("usual: 10", "usual: none", "soft: 'usual' must be a whole number of at least 1, like 10"),
        ("units: 1", "unit: 1", "divergence: unknown key 'unit'; did you mean 'units'?"),
        ("snapshot:", "snapshots:", "unknown key 'snapshots'; did you mean 'snapshot'?"),
    ],
)
def test_a_broken_file_is_refused_with_the_mend(tmp_path: Path, was: str, becomes: str, message: str) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(SOUND.replace(was, becomes, 1), encoding="utf-8")

    with pytest.raises(Misconfigured) as wrong:
        load_inventory(path)

    assert message in wrong.value.detail


@pytest.mark.parametrize(("largest", "tolerated"), [(0, 1), (50, 1), (100, 2), (1000, 20)])
def test_larger_numbers_may_differ_by_more(largest: int, tolerated: float) -> None:
    assert InventoryPolicy().tolerance(largest) == tolerated
