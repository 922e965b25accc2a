"""Money that was held anew as it must not be: a hold that is left, taken of too late, too small, or never told."""

from dataclasses import replace

from tests.chaos.checker.books import GIVEN_BACK, renewal_of
from tests.chaos.checker.evidence import Effect, Evidence
from tests.chaos.checker.holds import RENEWED
from tests.chaos.mutants.given import Given


def old_hold_left_open(given: Given) -> Evidence:
    """Nobody ever asked for it back."""
    void = given.pick(_gave_way(given))
    kept = tuple(each for each in given.evidence.attempts if (each.system, each.name) != ("psp", void.name))
    return replace(given.put("effects", void), attempts=kept)


def taken_of_a_hold_that_was_let_go(given: Given) -> Evidence:
    void = given.pick(_gave_way(given))
    taken = given.pick(_taken_after(given, void))
    return given.put("effects", taken, replace(taken, data={"authorisation": void.data["authorisation"]}))


def held_anew_for_less(given: Given) -> Evidence:
    new = given.pick(each for each in given.settled() if each.kind == "authorisation" and renewal_of(each.name))
    return given.put("effects", new, replace(new, amount=(new.amount or 0) - given.dice.randrange(1, 100)))


def held_anew_and_never_told(given: Given) -> Evidence:
    order = given.pick(each for each in given.ended() if any(event.type == RENEWED for event in each.events))
    told = tuple(replace(each, type="of.another.kind") if each.type == RENEWED else each for each in order.events)
    return given.put("orders", order, replace(order, events=told))


def _gave_way(given: Given) -> list[Effect]:
    """Holds that were let go for newer ones, of which all is taken that was owed."""
    voids = [each for each in given.settled() if (each.system, each.kind) == GIVEN_BACK and renewal_of(each.name)]
    return [void for void in voids if _taken_after(given, void)]


def _taken_after(given: Given, void: Effect) -> list[Effect]:
    same = (each for each in given.settled() if (each.order_id, each.kind) == (void.order_id, "capture"))
    return [each for each in same if each.sequence > void.sequence]


RENEWALS = (old_hold_left_open, taken_of_a_hold_that_was_let_go, held_anew_for_less, held_anew_and_never_told)
