"""I6, order: each thing after what it rests on, and taken back in reverse, by the sequence of the books."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.checker.books import FORWARD, UNDO, Account, Books, Kind
from tests.chaos.checker.evidence import Violation


def sequence(books: Books) -> Iterator[Violation]:
    for account in books.accounts.values():
        for before, after in _wrong(account):
            yield Violation("I6", account.order.order_id, f"{' '.join(after)} happened before {' '.join(before)}")


def _wrong(account: Account) -> Iterator[tuple[Kind, Kind]]:
    """Pairs that happened the other way round."""
    at: dict[Kind, int] = {}
    for effect in account.effects:
        at.setdefault((effect.system, effect.kind), effect.sequence)
    ways = [_done(FORWARD, at), _done(tuple(UNDO), at)]
    for way in ways:
        for before, after in pairwise(way):
            if at[before] > at[after]:
                yield before, after
    for undo, done in UNDO.items():
        if undo in at and done in at and at[done] > at[undo]:
            yield done, undo
    if account.undone and ways[0] and ways[1]:
        last, first = max(ways[0], key=at.__getitem__), min(ways[1], key=at.__getitem__)
        if at[last] > at[first]:
            yield last, first


def _done(way: tuple[Kind, ...], at: dict[Kind, int]) -> list[Kind]:
    return [kind for kind in way if kind in at]
