"""I7, replay equality: one key and request, one answer, to the byte; another request under a key is refused."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.chaos.checker.books import Books, is_yes
from tests.chaos.checker.evidence import Exchange, Violation

NO_WORD = {401, 408, 409, 425, 429}  # says nothing of the key's answer: come again
REUSED = 422


def replay(books: Books) -> Iterator[Violation]:
    by_key: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in books.evidence.exchanges:
        if exchange.key is not None:
            by_key[exchange.partner, exchange.key].append(exchange)
    for (_, key), exchanges in by_key.items():
        for order_id, sentence in _wrong(exchanges):
            yield Violation("I7", order_id, f"under {key} {sentence}")


def _wrong(exchanges: Sequence[Exchange]) -> Iterator[tuple[str | None, str]]:
    kept = min((each for each in exchanges if is_yes(each)), key=lambda each: each.answered, default=None)
    if kept is None:
        return
    for each in exchanges:
        if each is kept or not _is_word(each):
            continue
        if _asked(each) != _asked(kept):
            if is_yes(each) or (each.sent >= kept.answered and each.status != REUSED):
                yield kept.order_id, f"another request was answered {each.status}"
        elif is_yes(each) or each.sent >= kept.answered:
            for told, before, now in _differences(kept, each):
                yield kept.order_id, f"{told} was {before}, and {now} for the same request"


def _is_word(exchange: Exchange) -> bool:
    return exchange.status is not None and exchange.status < 500 and exchange.status not in NO_WORD


def _asked(exchange: Exchange) -> tuple[str, str, str | None]:
    about = exchange.order_id if exchange.operation != "place" else None
    return exchange.operation, exchange.request, about


def _differences(kept: Exchange, again: Exchange) -> Iterator[tuple[str, object, object]]:
    for told in ("status", "order_id", "body", "headers"):
        if getattr(kept, told) != getattr(again, told):
            yield told, getattr(kept, told), getattr(again, told)
