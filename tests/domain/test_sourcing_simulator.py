"""On retailers that never were: sourcing serves at less cost than simpler rules, and keeps no fewer promises."""

from statistics import NormalDist, mean, stdev

import pytest

from tests.domain.retailer import Rule, highest_stock, nearest, ours, saturdays

SEEDS, ORDERS = 12, 80


@pytest.mark.parametrize("simpler", [nearest, highest_stock], ids=lambda rule: rule.__name__)
def test_it_serves_at_less_cost_and_keeps_as_many_promises(simpler: Rule) -> None:
    pairs = [(saturdays(seed, ORDERS, ours), saturdays(seed, ORDERS, simpler)) for seed in range(SEEDS)]

    cheaper = [(theirs.costs - mine.costs) / ORDERS for mine, theirs in pairs]
    kept = [(mine.kept - theirs.kept) / ORDERS for mine, theirs in pairs]
    low, high = _interval(cheaper)
    least, most = _interval(kept)
    told = f"{low:.0f} to {high:.0f} less an order, {least:+.1%} to {most:+.1%} promises kept"
    print(f"\nagainst {simpler.__name__}: {told}")
    assert all(mine.pieces_missing <= theirs.pieces_missing for mine, theirs in pairs)
    assert low > 0
    assert least >= 0


def _interval(paired: list[float]) -> tuple[float, float]:
    """Of the mean difference, at 95 %."""
    around = NormalDist().inv_cdf(0.975) * stdev(paired) / len(paired) ** 0.5
    return mean(paired) - around, mean(paired) + around
