"""What a promise means, and which plan may keep it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.delivery import due_at, due_by
from gateway.domain.sourcing import decide
from gateway.domain.sourcing_terms import Lane, Shelf, Site, Task, Want, Weights

NOW = datetime(2026, 11, 2, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("promised", "due"),
    [
        ("2026-11-02", datetime(2026, 11, 3, tzinfo=UTC)),
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-11-02T16:00:00+01:00", datetime(2026, 11, 2, 15, tzinfo=UTC)),
    ],
)
def test_a_date_means_until_that_day_ends(promised: str, due: datetime) -> None:
    assert due_by(promised) == due


def test_a_parcel_is_promised_a_day_and_what_is_fetched_a_moment() -> None:
    assert due_at("ship_to_home", NOW) == datetime(2026, 11, 3, tzinfo=UTC)
    assert due_at("bopis", NOW) == NOW


def test_who_wants_it_in_time_or_not_at_all_gets_it_at_any_cost_or_not_at_all() -> None:
    near = Site("near", "dc", NOW, {"LAMP": Shelf(1)}, Lane(900_000, days=1))
    far = Site("far", "dc", NOW, {"LAMP": Shelf(1)}, Lane(100, days=3))
    task = Task((Want("1", "LAMP", 1, 1_000_000),), NOW + timedelta(days=2))

    loose = decide(task, [near, far], Weights())
    strict = decide(replace(task, strictly=True), [near, far], Weights())
    none = decide(replace(task, strictly=True), [far], Weights())

    assert (loose.plan.nodes, strict.plan.nodes, none.plan.nodes) == (("far",), ("near",), ())
    assert strict.left_out == {"far": "too_late"}
