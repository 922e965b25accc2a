"""I2, no doubles: one order for one wish, one effect for one step or part, one key for each of them, at every try."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.checker.books import BY_ITSELF, IN_PARTS, Account, Books, named, total
from tests.chaos.checker.evidence import Violation


def doubles(books: Books) -> Iterator[Violation]:
    yield from _orders(books)
    yield from _names(books)
    for account in books.accounts.values():
        order_id = account.order.order_id
        for (system, kind), count in account.kinds.items():
            if count > 1 and (system, kind) not in IN_PARTS:
                yield Violation("I2", order_id, f"{count} effects {system} {kind} instead of one")
        for sentence in _keys(account):
            yield Violation("I2", order_id, sentence)
    yield from _keys_shared(books)


def _orders(books: Books) -> Iterator[Violation]:
    ids = Counter(order.order_id for order in books.evidence.orders)
    wishes = Counter((order.channel, order.channel_order_id) for order in books.evidence.orders)
    for order_id, count in ids.items():
        if count > 1:
            yield Violation("I2", order_id, f"is told of {count} times")
    for (channel, wish), count in wishes.items():
        if count > 1:
            yield Violation("I2", None, f"{count} orders for {wish} of {channel}")


def _names(books: Books) -> Iterator[Violation]:
    for sequence, count in Counter(effect.sequence for effect in books.evidence.effects).items():
        if count > 1:
            yield Violation("I2", None, f"{count} effects have the number {sequence}")
    asked = [effect for effect in books.evidence.effects if effect.kind != BY_ITSELF]
    for effect in asked:
        if effect.name is None:
            yield Violation("I2", effect.order_id, f"{named(effect)} has neither key nor reference")
    for (system, kind, name), count in Counter((each.system, each.kind, each.name) for each in asked).items():
        if count > 1:
            yield Violation("I2", None, f"{count} effects {system} {kind} under {name}")


def _keys(account: Account) -> Iterator[str]:
    used: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for attempt in account.attempts:
        used[attempt.system, attempt.operation].add(attempt.name)
    for (system, operation), names in used.items():
        if len(names) > _parts(account, system, operation):
            yield f"{system} {operation} was asked for under {len(names)} keys"
        if None in names:
            yield f"{system} {operation} was asked for without a key"


def _parts(account: Account, system: str, operation: str) -> int:
    """How many keys there may be: one for each part, and for the one that a parked order hangs on if there is more."""
    whole = IN_PARTS.get((system, operation))
    if whole is None:
        return 1
    done = account.of(system, operation)
    more = bool(account.parked and total(account.of(*whole)) - total(done))
    return max(1, len(done) + more)


def _keys_shared(books: Books) -> Iterator[Violation]:
    meant: dict[tuple[str, str], set[tuple[str | None, str]]] = defaultdict(set)
    for order_id, account in books.accounts.items():
        for attempt in account.attempts:
            if attempt.name is not None:
                meant[attempt.system, attempt.name].add((order_id, attempt.operation))
    for (system, name), steps in meant.items():
        if len(steps) > 1:
            yield Violation("I2", None, f"{system} was asked for {len(steps)} different things under {name}")
