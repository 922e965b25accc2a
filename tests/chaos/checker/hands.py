"""I13, hands: goods that are fetched go once, against their code, and not after the end; labels and tasks come to an
end with their parts; and who waits for goods is served in the order of coming."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.chaos.checker.books import FETCHED, LABEL, Account, Books, Share, is_yes
from tests.chaos.checker.evidence import Exchange, Message, Queue, Violation

TILL = "collect"


def hands(books: Books) -> Iterator[Violation]:
    asked, told = _by_part(books.evidence.exchanges), _codes(books.evidence.messages)
    for account in books.accounts.values():
        order_id = account.order.order_id
        ready = sum(share.part.method in FETCHED and bool(share.of("store", "ready")) for share in account.shares)
        if len(told[order_id]) > ready:
            yield Violation(
                "I13", order_id, f"{len(told[order_id])} codes were told, for {ready} parts that were ready"
            )
        for share in account.shares:
            tries = asked.pop(share.part.part_id, [])
            sentences = (*_handed(share, tries, told[order_id]), *_in_turn(share), *_left_over(share, account))
            for sentence in sentences:
                yield Violation("I13", order_id, f"{share.part.part_id} {sentence}")
    for part, tries in asked.items():
        if any(is_yes(each) for each in tries):
            yield Violation("I13", None, f"{part} was handed over, and is no part of any order")
    yield from _queues(books)


def _handed(share: Share, tries: Sequence[Exchange], codes: set[str]) -> Iterator[str]:
    """What a till was told, against what the store's ledger says of the goods."""
    yes = [each for each in tries if is_yes(each)]
    if len({each.body for each in yes}) > 1:
        yield "was handed over twice, at different moments"
    if any(each.code is not None and each.code not in codes for each in yes):
        yield "was handed over against a code that its customer was never told"
    if yes and share.undone:
        yield f"was handed over, and is {share.part.status}"
    if yes and share.of("store", "cancel"):
        yield "was handed over, and its store was asked to put it back"
    if share.part.method in FETCHED and share.completed and share.at_store and not yes:
        yield "is completed, and no till was told that it may be handed over"


def _in_turn(share: Share) -> Iterator[str]:
    """What a store does rests on what it did before, and a label on goods that are there."""
    kinds = share.kinds
    for before, after in pairwise(("task", "accepted", "ready", "handed_over")):
        if kinds["store", after] and not kinds["store", before]:
            yield f"was {after} by its store without {before}"
    if kinds[LABEL] and not kinds["store", "ready"]:
        yield "has a label, and its goods were never ready"


def _left_over(share: Share, account: Account) -> Iterator[str]:
    """Of a part that has ended, and is nobody's to decide about."""
    if account.parked or not (share.completed or share.undone):
        return
    kinds = share.kinds
    ends = kinds["store", "handed_over"] + kinds["store", "cancel"] + kinds["store", "rejected"]
    if kinds["store", "task"] and ends != kinds["store", "task"]:
        yield f"has ended, and its store's task came to {ends} ends"
    labels, voided = kinds[LABEL], kinds["carrier", "void"]
    if share.undone and labels != voided:
        yield f"is {share.part.status}, and {labels - voided} of its labels can be used"
    if share.completed and voided:
        yield "has left, and its label is void"
    sent = share.at_store and share.part.method not in FETCHED
    if share.completed and labels != sent:
        yield f"has left with {labels} labels instead of {int(sent)}"


def _queues(books: Books) -> Iterator[Violation]:
    """Of two moments when none of an article was to be had: who waits still at the second one goes before everybody
    who came later, so that none of these waits for less than at the first."""
    seen: dict[str, list[Queue]] = defaultdict(list)
    for queue in sorted(books.evidence.queues, key=lambda queue: queue.at):
        seen[queue.sku].append(queue)
    for sku, queues in seen.items():
        for before, after in pairwise(queues):
            for first, newer in _out_of_turn(before, after, books):
                yield Violation("I13", newer, f"was given {sku} while {first}, which had come before it, waited")


def _out_of_turn(before: Queue, after: Queue, books: Books) -> Iterator[tuple[str, str]]:
    left = dict(after.waiting)
    first: str | None = None  # of those that had got nothing more, or not all
    for order_id, pieces in before.waiting:
        account = books.accounts.get(order_id)
        if account is None or not _stays(account):
            continue
        if first is not None and left.get(order_id, 0) < pieces:
            yield first, order_id
        if first is None and left.get(order_id, 0):
            first = order_id


def _stays(account: Account) -> bool:
    """Nobody wished it away, and none of it came back: whatever it waited less for, it was given."""
    return not account.parked and account.order.status == "completed" and not any(s.undone for s in account.shares)


def _by_part(exchanges: Sequence[Exchange]) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = defaultdict(list)
    for each in exchanges:
        if each.operation == TILL and each.part is not None:
            found[each.part].append(each)
    return found


def _codes(messages: Sequence[Message]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for message in messages:
        if message.code is not None:
            found[message.order_id].add(message.code)
    return found
