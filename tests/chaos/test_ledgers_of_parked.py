"""What an order that is parked holds is neither sold twice nor lost from the books."""

from dataclasses import replace

from tests.chaos.checker import check
from tests.chaos.checker.evidence import Evidence
from tests.chaos.honest import both, changed, dropped, honest


def _unreleased(evidence: Evidence) -> Evidence:
    """The parked order never got as far as the warehouse: its units are promised to nobody there, and held by us."""
    shelves = tuple(replace(shelf, allocated=0) for shelf in evidence.shelves)
    return replace(both(dropped("effects", 14), dropped("attempts", 13))(evidence), shelves=shelves)


def test_what_a_parked_order_holds_is_not_for_sale_and_not_missing() -> None:
    held = check(_unreleased(honest()))
    given_back = check(changed("shelves", 0, available=8)(_unreleased(honest())))

    assert (held, given_back) == ([], [])
