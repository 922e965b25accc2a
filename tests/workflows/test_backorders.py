"""What older orders wait for is not there for newer ones, wherever it lies."""

from datetime import UTC, datetime

import pytest

from gateway.domain.sourcing_terms import Lane, Shelf, Site
from gateway.workflows.backorders import left_by

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def site(node_id: str, available: int, *, confident: bool = True) -> Site:
    return Site(node_id, "dc", NOW, {"LAMP-7": Shelf(available, confident=confident), "VASE-2": Shelf(9)}, Lane(450))


@pytest.mark.parametrize(
    ("older", "left"),
    [
        ({}, [2, 3]),
        ({"LAMP-7": 1}, [1, 3]),
        ({"LAMP-7": 4}, [0, 1]),
        ({"LAMP-7": 9}, [0, 0]),
        ({"VASE-2": 9}, [2, 3]),
    ],
)
def test_it_is_taken_off_node_by_node(older: dict[str, int], left: list[int]) -> None:
    sites = left_by([site("leeds", 2), site("york", 3)], older)

    assert [each.shelves["LAMP-7"].available for each in sites] == left


def test_what_may_not_be_promised_serves_no_older_order_either() -> None:
    unsure, sure = left_by([site("leeds", 2, confident=False), site("york", 3)], {"LAMP-7": 2})

    assert (unsure.shelves["LAMP-7"].available, sure.shelves["LAMP-7"].available) == (2, 1)


def test_less_than_nothing_is_left_as_it_is() -> None:
    [oversold] = left_by([site("leeds", -2)], {"LAMP-7": 1})

    assert oversold.shelves["LAMP-7"].available == -2
