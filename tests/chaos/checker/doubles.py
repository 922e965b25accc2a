"""I2, no doubles: one order for one wish, one effect for a step of it or of a part, one key at every try."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tests.chaos.checker.books import BY_ITSELF, Account, Books, named
from tests.chaos.checker.evidence import Effect, Violation
from tests.chaos.checker.names import FAILED, owner_of, run_of


def doubles(books: Books) -> Iterator[Violation]:
    yield from _orders(books)
    yield from _names(books)
    for account in books.accounts.values():
        order_id = account.order.order_id
        of_parts = [
            f"{share.part.part_id} has {sentence}" for share in account.shares for sentence in _more(share.effects)
        ]
        for sentence in (*_more(account.own), *_more(account.back), *of_parts, *_keys(account)):
            yield Violation("I2", order_id, sentence)
    yield from _keys_shared(books)


def _orders(books: Books) -> Iterator[Violation]:
    ids = Counter(order.order_id for order in books.evidence.orders)
    wishes = Counter((order.channel, order.channel_order_id) for order in books.evidence.orders)
    parts = Counter(part.part_id for order in books.evidence.orders for part in order.parts)
    for name, count in (ids + parts).items():
        if count > 1:
            yield Violation("I2", name, f"is told of {count} times")
    for (channel, wish), count in wishes.items():
        if count > 1:
            yield Violation("I2", None, f"{count} orders for {wish} of {channel}")


def _names(books: Books) -> Iterator[Violation]:
    for sequence, count in Counter(effect.sequence for effect in books.evidence.effects).items():
        if count > 1:
            yield Violation("I2", None, f"{count} effects have the number {sequence}")
    asked = [effect for effect in books.evidence.effects if effect.kind not in BY_ITSELF]
    for effect in asked:
        if effect.name is None:
            yield Violation("I2", effect.order_id, f"{named(effect)} has neither key nor reference")
    for (system, kind, name), count in Counter((each.system, each.kind, each.name) for each in asked).items():
        if count > 1:
            yield Violation("I2", None, f"{count} effects {system} {kind} under {name}")


def _more(effects: Iterable[Effect]) -> Iterator[str]:
    """Each thing is done once for an order, for a part, each time its money is held anew, or for each refund."""
    done = Counter((effect.system, effect.kind, _of(effect)) for effect in effects)
    for (system, kind, _), count in done.items():
        if count > 1:
            yield f"{count} effects {system} {kind} instead of one"


def _of(effect: Effect) -> str:
    return effect.id if (effect.system, effect.kind) == FAILED else run_of(effect.name)


def _keys(account: Account) -> Iterator[str]:
    parts = {share.part.part_id for share in account.shares}
    used: dict[tuple[str, str, str], set[str | None]] = defaultdict(set)
    for attempt in account.attempts:
        owner = owner_of(attempt.name)
        used[attempt.system, attempt.operation, owner if owner in parts else run_of(attempt.name)].add(attempt.name)
    for (system, operation, owner), names in used.items():
        if len(names) > 1:
            yield f"{system} {operation} was asked for under {len(names)} keys{' of ' if owner else ''}{owner}"
        if None in names:
            yield f"{system} {operation} was asked for without a key"


def _keys_shared(books: Books) -> Iterator[Violation]:
    meant: dict[tuple[str, str], set[tuple[str | None, str]]] = defaultdict(set)
    for order_id, account in books.accounts.items():
        for attempt in account.attempts:
            if attempt.name is not None:
                meant[attempt.system, attempt.name].add((order_id, attempt.operation))
    for (system, name), steps in meant.items():
        if len(steps) > 1:
            yield Violation("I2", None, f"{system} was asked for {len(steps)} different things under {name}")
