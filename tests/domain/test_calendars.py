"""When a node works, and when what it is given leaves it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.calendars import leaves_at, opens_at

WEEK = {"openings": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}
CUTOFF = {"cutoffs": [{"at": "12:00"}, {"at": "15:00"}, {"at": "20:00", "service": "express"}]}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026, whose second day is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("features", "now", "opens"),
    [
        ({}, at(2, 3), at(2, 3)),
        ({"calendar": WEEK}, at(2, 3), at(2, 9)),
        ({"calendar": WEEK}, at(2, 10), at(2, 10)),
        ({"calendar": WEEK}, at(6, 17), at(9, 9)),  # over the weekend
        ({"calendar": WEEK | {"closed_on": ["2026-11-02"]}}, at(2, 10), at(3, 9)),
        ({"calendar": WEEK, "timezone": "Europe/Berlin"}, at(2, 3), at(2, 8)),
        ({"calendar": {"openings": []}}, at(2, 3), at(2, 3)),  # it never says when
    ],
)
def test_a_node_can_work_from_its_opening_on(features: dict[str, Any], now: datetime, opens: datetime) -> None:
    assert opens_at(features, now) == opens


@pytest.mark.parametrize(
    ("features", "now", "leaves"),
    [
        ({}, at(2, 3), at(2, 3)),
        ({"calendar": WEEK}, at(7, 3), at(9, 9)),
        (CUTOFF, at(2, 14), at(2, 15)),
        (CUTOFF, at(2, 15, 1), at(3, 15)),  # of all services but the one that is named
        (CUTOFF | {"calendar": WEEK}, at(6, 16), at(9, 15)),
        (CUTOFF | {"timezone": "Europe/Berlin"}, at(2, 14), at(2, 14)),
        (CUTOFF | {"timezone": "Europe/Berlin"}, at(2, 14, 1), at(3, 14)),
    ],
)
def test_goods_leave_at_the_next_cut_off(features: dict[str, Any], now: datetime, leaves: datetime) -> None:
    assert leaves_at(features, now) == leaves
