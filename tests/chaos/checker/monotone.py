"""I8, monotone: no client sees an order go back, and whoever was told yes finds what was said."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.chaos.checker.books import Account, Books, is_yes
from tests.chaos.checker.evidence import Exchange, Violation

GONE = {404, 410}
FOLLOWS = {
    "received": {"accepted", "rejected", "cancel_requested"},
    "accepted": {"processing", "rejected", "cancel_requested"},
    "processing": {"completed", "rejected", "cancel_requested"},
    "cancel_requested": {"cancelled", "processing"},
}


def monotone(books: Books) -> Iterator[Violation]:
    seen: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in books.evidence.exchanges:
        if exchange.order_id is not None:
            seen[exchange.order_id].append(exchange)
    for order_id, exchanges in seen.items():
        for sentence in (*_back(exchanges), *_forgotten(exchanges)):
            yield Violation("I8", order_id, sentence)
    for order_id, account in books.accounts.items():
        for sentence in (*_export(account, seen[order_id]), *_events(account)):
            yield Violation("I8", order_id, sentence)


def _back(exchanges: Sequence[Exchange]) -> Iterator[str]:
    """Of two looks of which one was over before the other began, the later one is at least as new."""
    looks = sorted((each for each in exchanges if each.stands is not None), key=lambda each: each.answered)
    newest: Exchange | None = None  # of all that were over when `each` began
    over = 0
    for each in sorted(looks, key=lambda each: each.sent):
        while over < len(looks) and looks[over].answered <= each.sent:
            done = looks[over]
            newest = done if newest is None or _version(done) >= _version(newest) else newest
            over += 1
        if newest is not None and _version(each) < _version(newest):
            yield f"was at version {newest.version}, and seen at {each.version} afterwards"
    stood: dict[int | None, str | None] = {}
    for each in looks:
        if stood.setdefault(each.version, each.stands) != each.stands:
            yield f"is {stood[each.version]} and {each.stands} at one version, {each.version}"


def _forgotten(exchanges: Sequence[Exchange]) -> Iterator[str]:
    """A look that began after a yes finds the order, at the version that was told or a newer one."""
    yes = [each for each in exchanges if each.operation in ("place", "cancel") and is_yes(each)]
    for look in exchanges:
        if look.operation != "read" or look.status is None:
            continue
        before = [each for each in yes if each.answered <= look.sent]
        if before and look.status in GONE:
            yield f"was acknowledged, and then answered {look.status}"
        told = max((_version(each) for each in before), default=0)
        if look.stands is not None and _version(look) < told:
            yield f"was told of at version {told}, and seen at {look.version} afterwards"


def _export(account: Account, exchanges: Sequence[Exchange]) -> Iterator[str]:
    newest = max((_version(each) for each in exchanges), default=0)
    if newest > account.order.version:
        yield f"has been seen at version {newest}, and ends at {account.order.version}"
    for each in exchanges:
        if each.version == account.order.version and each.stands not in (None, account.order.status):
            yield f"was {each.stands} at version {each.version}, and is {account.order.status}"


def _events(account: Account) -> Iterator[str]:
    events = account.order.events
    if [event.sequence for event in events] != list(range(1, len(events) + 1)):
        yield f"its events are numbered {[event.sequence for event in events]}"
    told = [event.status for event in events if event.status is not None]
    moves = [status for place, status in enumerate(told) if place == 0 or status != told[place - 1]]
    for before, after in pairwise(moves):
        if after not in FOLLOWS.get(before, set()):
            yield f"its events go from {before} to {after}"
    if moves[:1] != ["received"] or moves[-1:] != [account.order.status]:
        yield f"is {account.order.status}; its events go from {moves[:1]} to {moves[-1:]}"


def _version(exchange: Exchange) -> int:
    return exchange.version or 0
