"""What a difference between two sources looks like, and whether it matters."""

from typing import Any

import pytest

from gateway.domain.divergence import Difference, Kind, classified
from gateway.domain.inventory import InventoryPolicy

OLD = 3  # reports


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        pytest.param({"reports": 1, "claims": 4}, Kind.TIMING, id="it may clear"),
        pytest.param({"reports": 2}, Kind.TIMING, id="it may still clear"),
        pytest.param({}, Kind.SHRINK, id="nothing explains it"),
        pytest.param({"claims": 4}, Kind.SEMANTICS, id="the witness subtracts orders against its word"),
        pytest.param({"truth": 16, "witness": 20, "claims": 4}, Kind.SEMANTICS, id="the witness does not"),
        pytest.param({"told": {"truth": [4, 7]}}, Kind.MISSING, id="the witness was never told of goods that came"),
        pytest.param({"told": {"witness": [-4]}}, Kind.MISSING, id="the truth was never told of goods that left"),
        pytest.param({"told": {"truth": [4, 4], "witness": [4]}}, Kind.DUPLICATE, id="the truth took it twice"),
        pytest.param({"told": {"truth": [-4], "witness": [-4, -4]}}, Kind.DUPLICATE, id="the witness took it twice"),
        pytest.param({"told": {"truth": [4], "witness": [4]}}, Kind.SHRINK, id="both were told"),
        pytest.param({"told": {"truth": [-4]}}, Kind.SHRINK, id="what was told makes it worse"),
        pytest.param({"truth": 120, "witness": 10, "numbers": (120, 10)}, Kind.PACK, id="the witness counts dozens"),
        pytest.param({"truth": 8, "witness": 80, "numbers": (10, 100)}, Kind.PACK, id="the truth counts tens"),
        pytest.param({"numbers": (0, 0), "truth": 0, "witness": -4}, Kind.SHRINK, id="nothing is no pack of nothing"),
    ],
)
def test_a_difference_looks_like_what_explains_it(seen: dict[str, Any], kind: Kind) -> None:
    usual: dict[str, Any] = {"truth": 20, "witness": 16, "numbers": (20, 16), "reports": OLD}

    assert classified(Difference(**{**usual, **seen})) is kind


@pytest.mark.parametrize(
    ("truth", "witness", "matters", "severe"),
    [
        (10, 10, False, False),
        (10, 9, False, False),
        (10, 8, True, False),
        (8, 10, True, False),
        (100, 98, False, False),
        (100, 97, True, False),
        (30, 10, True, False),
        (30, 9, True, True),
        (1, -1, True, True),
        (-1, -2, False, True),
    ],
)
def test_how_far_two_sources_may_differ(truth: int, witness: int, matters: bool, severe: bool) -> None:
    seen, policy = Difference(truth=truth, witness=witness), InventoryPolicy()

    assert (seen.matters(policy), seen.is_severe(policy)) == (matters, severe)
