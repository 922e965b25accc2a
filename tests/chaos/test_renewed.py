"""An order whose money was held anew between two parcels: nothing is wrong with it, and what could be is seen."""

from dataclasses import replace

import pytest

from tests.chaos.checker import check
from tests.chaos.checker.evidence import Effect, Evidence
from tests.chaos.honest import honest

SPLIT = "ord_split"
FIRST, SOUTH, NORTH, NEW, OLD = 15, 22, 23, 26, 27  # where effects lie in the evidence


def renewed() -> Evidence:
    """South is paid of the first hold; then what north costs is held anew, and the first one's rest given back."""
    evidence = honest()
    effects = [replace(each, sequence=each.sequence * 10) for each in evidence.effects]
    held, taken = effects[FIRST], effects[SOUTH]
    effects[NORTH] = replace(effects[NORTH], data={"authorisation": "aut_new"})
    new = replace(held, id="aut_new", key="ren_1:hold_again", amount=1450, sequence=taken.sequence + 1)
    old = {"id": "void of old", "kind": "void", "key": "ren_1:give_back_old", "data": {"authorisation": held.id}}
    effects += [new, replace(new, sequence=taken.sequence + 2, **old)]
    asked = next(each for each in evidence.attempts if each.key == held.key)
    attempts = [
        *evidence.attempts,
        replace(asked, key="ren_1:hold_again"),
        replace(asked, key="ren_1:give_back_old", operation="void"),
    ]
    return replace(evidence, effects=tuple(effects), attempts=tuple(attempts))


def with_effect(at: int, **other: object) -> Evidence:
    evidence = renewed()
    effects: list[Effect] = list(evidence.effects)
    effects[at] = replace(effects[at], **other)  # type: ignore[arg-type]
    return replace(evidence, effects=tuple(effects))


def test_nothing_is_wrong_with_money_that_was_held_anew() -> None:
    assert check(renewed()) == []


@pytest.mark.parametrize(
    ("evidence", "invariant", "sentence"),
    [
        (with_effect(OLD, amount=1449), "I3", "{'GBP': 1145} taken and {'GBP': 1449} given back"),
        (with_effect(NEW, amount=1449), "I3", "{'GBP': 1450} was taken of {'GBP': 1449} that was held as aut_new"),
        (with_effect(NEW, amount=2600), "I5", "is 2600 GBP, the order 2595 GBP"),
        (with_effect(OLD, sequence=1), "I6", "was let go before its money was held anew"),
        (
            with_effect(NORTH, data={"authorisation": "authorisation of ord_split"}),
            "I6",
            "capture of ful_north was taken of authorisation of ord_split, which had been let go",
        ),
        (with_effect(NEW, key="ren_1:give_back_old"), "I9", "psp applied 1 calls under ren_1:hold_again"),
    ],
)
def test_what_went_wrong_with_it_is_seen(evidence: Evidence, invariant: str, sentence: str) -> None:
    found = [each for each in check(evidence) if each.invariant == invariant]

    assert any(sentence in each.sentence for each in found), found


def test_a_renewal_that_holds_twice_is_a_double() -> None:
    evidence = renewed()
    again = replace(evidence.effects[NEW], id="aut_again", key="ren_1:hold_anew", sequence=999)

    found = check(replace(evidence, effects=(*evidence.effects, again)))

    assert (SPLIT, "2 effects psp authorisation instead of one") in {(each.order, each.sentence) for each in found}
