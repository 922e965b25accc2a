"""I6, order: each thing after what it rests on, and taken back in reverse, by the sequence of the books."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.chaos.checker.books import FETCHED, FORWARD, HANDED, HELD, READY, Account, Books, Kind, Share, renewal_of
from tests.chaos.checker.evidence import Effect, Violation
from tests.chaos.checker.holds import taken_of_no_hold

BOOKED, RELEASED = FORWARD[:2]
ASKED = ("store", "task")
WAITED = "com.omnigate.order.backordered.v1"


def sequence(books: Books) -> Iterator[Violation]:
    for account in books.accounts.values():
        for share in account.shares:
            own = [effect for effect in account.own if not renewal_of(effect.name)]
            for before, after in _wrong((*own, *share.effects), share):
                sentence = f"{' '.join(after)} of {share.part.part_id} happened before {' '.join(before)}"
                yield Violation("I6", account.order.order_id, sentence)
        in_all = (_all_booked_first, _given_back_last, _held_first, taken_of_no_hold)
        for sentence in (each for found in in_all for each in found(account)):
            yield Violation("I6", account.order.order_id, sentence)


def _wrong(effects: Sequence[Effect], share: Share) -> Iterator[tuple[Kind, Kind]]:
    """Pairs that happened the other way round, in one part and what the order has for all of them."""
    at: dict[Kind, int] = {}
    for effect in effects:
        at.setdefault((effect.system, effect.kind), effect.sequence)
    forward = [kind for kind in share.forward if not (kind == HANDED and share.part.method in FETCHED)]
    ways = [_done((HELD, *forward), at), _done(tuple(share.undo), at), _done((READY, HANDED), at)]
    for way in ways:
        for before, after in pairwise(way):
            if at[before] > at[after]:
                yield before, after
    for undo, done in share.undo.items():
        if undo in at and done in at and at[done] > at[undo]:
            yield done, undo
    if share.undone and ways[0] and ways[1]:
        last, first = max(ways[0], key=at.__getitem__), min(ways[1], key=at.__getitem__)
        if at[last] > at[first]:
            yield last, first


def _done(way: tuple[Kind, ...], at: dict[Kind, int]) -> list[Kind]:
    return [kind for kind in way if kind in at]


def _all_booked_first(account: Account) -> Iterator[str]:
    """Nothing is released before all of the order is booked; parts that stand in for others come later, and so do those
    of pieces that waited for goods, or that a store did not find."""
    waited = any(event.type == WAITED for event in account.order.events)
    if waited or not account.shares or not all(share.completed and not share.short for share in account.shares):
        return
    last = max((each.sequence for each in account.of(*BOOKED)), default=0)
    for share in account.shares:
        if any(each.sequence < last for each in (*share.of(*RELEASED), *share.of(*ASKED))):
            yield f"{share.part.part_id} was released before all of its order was booked"


def _given_back_last(account: Account) -> Iterator[str]:
    """What is left of the money is given back once nothing goes on for which it could be taken."""
    if account.parked:
        return
    for void in account.of("psp", "void"):
        if renewal_of(void.name):
            continue
        after = [each for each in account.effects if each.sequence > void.sequence]
        if late := [each for each in after if (each.system, each.kind) != HANDED]:  # a till's yes may come before it
            yield f"{late[-1].system} {late[-1].kind} of {late[-1].id} happened after the money was given back"


def _held_first(account: Account) -> Iterator[str]:
    """What was held before is let go once it is held anew; what is held anew may be called off."""
    made = {renewal_of(each.name): each for each in account.of(*HELD) if renewal_of(each.name)}
    for void in account.of("psp", "void"):
        new = made.get(renewal_of(void.name))
        if renewal_of(void.name) and (new is None or new.sequence > void.sequence):
            yield f"{void.data.get('authorisation')} was let go before its money was held anew"
