"""An order whose money was held anew between two parcels: nothing is wrong with it, and what could be is seen."""

from dataclasses import replace

import pytest

from tests.chaos.checker import check
from tests.chaos.checker.evidence import Event, Evidence
from tests.chaos.honest import Change, changed, dropped, honest, repeated

SPLIT, RENEWED = "ord_split", "com.omnigate.order.payment_renewed.v1"
ASKED = {"authorisation": "authorise", "void": "void"}
FIRST, SOUTH, NORTH, NEW, OLD, LATE, BACK = 15, 22, 23, 26, 27, 28, 29  # where effects lie in the evidence


def renewed(*, called_off: bool = False) -> Evidence:
    """South is paid of the first hold; then what north costs is held anew, and the first one's rest given back.
    *called_off*: once more after that, for which it was too late."""
    evidence = honest()
    effects = [replace(each, sequence=each.sequence * 10) for each in evidence.effects]
    held, taken = effects[FIRST], effects[SOUTH]
    effects[NORTH] = replace(effects[NORTH], data={"authorisation": "aut_new"})
    new = replace(held, id="aut_new", key="ren_1:hold_again", amount=1450, sequence=taken.sequence + 1)
    old = {"id": "void of old", "kind": "void", "key": "ren_1:give_back_old", "data": {"authorisation": held.id}}
    made = [new, replace(new, sequence=taken.sequence + 2, **old)]
    if called_off:
        again = replace(new, id="aut_late", key="ren_2:hold_again", sequence=taken.sequence + 3)
        back = {"id": "aut_late", "kind": "void", "key": "ren_2:hold_again:undo", "data": {"authorisation": "aut_late"}}
        made += [again, replace(again, sequence=taken.sequence + 4, **back)]
    asked = next(each for each in evidence.attempts if each.key == held.key)
    attempts = [replace(asked, key=each.key, operation=ASKED[each.kind]) for each in made]
    orders = [replace(each, events=_told(each.events)) if each.order_id == SPLIT else each for each in evidence.orders]
    everything = {"effects": (*effects, *made), "attempts": (*evidence.attempts, *attempts), "orders": tuple(orders)}
    return replace(evidence, **everything)


def _told(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """That its money was held anew, after all else that its partner can read but the end."""
    later = [replace(each, sequence=each.sequence + 1) for each in events[-1:]]
    return (*events[:-1], Event(sequence=len(events), type=RENEWED, status="processing"), *later)


OLDER = "authorisation of ord_split"
LATER = renewed(called_off=True)
MUTANTS: dict[str, tuple[Evidence, Change, str, str]] = {
    "less of the old hold is given back": (
        *(renewed(), changed("effects", OLD, amount=1449), "I3"),
        "{'GBP': 1145} taken and {'GBP': 1449} given back",
    ),
    "less is held than is taken of it": (
        *(renewed(), changed("effects", NEW, amount=1449), "I3"),
        "{'GBP': 1450} was taken of {'GBP': 1449} that was held as aut_new",
    ),
    "more is held than the order comes to": (
        *(renewed(), changed("effects", NEW, amount=2600), "I5"),
        "is 2600 GBP, the order 2595 GBP",
    ),
    "nothing was held when the old hold was let go": (
        *(renewed(), changed("effects", OLD, sequence=1), "I6"),
        f"{OLDER} was let go before its money was held anew",
    ),
    "taken of the hold that was let go": (
        *(renewed(), changed("effects", NORTH, data={"authorisation": OLDER}), "I6"),
        f"capture of ful_north was taken of {OLDER}, which had been let go",
    ),
    "taken of a hold that was not there yet": (
        *(renewed(), changed("effects", SOUTH, data={"authorisation": "aut_new"}), "I6"),
        "capture of ful_south was taken of aut_new before that was held",
    ),
    "taken of both holds": (
        *(renewed(), repeated("effects", NORTH, id="again", sequence=231, data={"authorisation": OLDER}), "I3"),
        "{'GBP': 2595} taken and {'GBP': 1450} given back",
    ),
    "the old hold is left open": (
        *(renewed(), dropped("effects", OLD), "I3"),
        f"{{'GBP': 2595}} was held as {OLDER}, {{'GBP': 1145}} taken and {{}} given back",
    ),
    "the new hold is left open": (
        *(LATER, dropped("effects", BACK), "I3"),
        "{'GBP': 1450} was held as aut_late, {} taken and {} given back",
    ),
    "held a third time before the first hold was let go": (
        *(LATER, changed("effects", OLD, sequence=235), "I3"),
        f"money was held as aut_late while it was held as {OLDER} and aut_new",
    ),
    "taken of what was called off": (
        *(LATER, changed("effects", NORTH, data={"authorisation": "aut_late"}), "I6"),
        "capture of ful_north was taken of aut_late, which had been let go",
    ),
    "what was asked for is not what was done": (
        *(renewed(), changed("effects", NEW, key="ren_1:give_back_old"), "I9"),
        "psp applied 1 calls under ren_1:hold_again",
    ),
    "it is told that money was held anew, and none was": (
        *(renewed(), changed("effects", OLD, key="ord_split:void"), "I9"),
        "its money was held anew 1 times, it is told, and 0 holds made way for others",
    ),
    "nobody is told that money was held anew": (
        *(renewed(), changed("orders", 4, events=()), "I9"),
        "its money was held anew 0 times, it is told, and 1 holds made way for others",
    ),
    "one renewal holds twice": (
        *(renewed(), repeated("effects", NEW, id="aut_again", key="ren_1:hold_anew", sequence=999), "I2"),
        "2 effects psp authorisation instead of one",
    ),
    "one renewal asks under two keys": (
        *(renewed(), repeated("attempts", -2, key="ren_1:hold_anew", applied=False), "I2"),
        "psp authorise was asked for under 2 keys of ren_1",
    ),
}


@pytest.mark.parametrize("evidence", [renewed(), LATER])
def test_nothing_is_wrong_with_money_that_was_held_anew(evidence: Evidence) -> None:
    assert check(evidence) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_what_went_wrong_with_it_is_seen(name: str) -> None:
    evidence, change, invariant, sentence = MUTANTS[name]

    found = [each.sentence for each in check(change(evidence), only=[invariant]) if each.order in (SPLIT, None)]

    assert any(sentence in each for each in found), found
