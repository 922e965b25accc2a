"""I4, stock: what there was, less what was promised or has left, is what there is; never less than nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.checker.books import Books
from tests.chaos.checker.evidence import Effect, Line, Shelf, Violation


def stock(books: Books) -> Iterator[Violation]:
    if not books.evidence.shelves:
        return
    effects = books.evidence.effects
    lines = {effect.id: effect.lines or () for effect in effects if effect.kind == "shipment"}
    released, left, back = (_units(effects, lines, kind) for kind in ("shipment", "shipped", "cancel"))
    waiting = _held_by_parked(books)
    known = {shelf.sku for shelf in books.evidence.shelves}
    for sku in (released | left).keys() - known:
        yield Violation("I4", None, f"{sku} was shipped and lies on no shelf")
    for shelf in books.evidence.shelves:
        moved = (released[shelf.sku], left[shelf.sku], back[shelf.sku])
        for sentence in (*_warehouse(shelf, *moved), *_ours(shelf, moved[0] - moved[2], waiting[shelf.sku])):
            yield Violation("I4", None, f"{shelf.sku}: {sentence}")


def _warehouse(shelf: Shelf, released: int, left: int, back: int) -> Iterator[str]:
    if shelf.on_hand != shelf.start - left:
        yield f"{shelf.on_hand} on the shelf, of {shelf.start} have {left} left"
    if shelf.allocated != released - left - back:
        yield f"{shelf.allocated} promised to shipments, which come to {released - left - back}"
    if not 0 <= shelf.allocated <= shelf.on_hand:
        yield f"{shelf.allocated} promised of {shelf.on_hand}: more was sold than there was"


def _ours(shelf: Shelf, sold: int, waiting: int) -> Iterator[str]:
    """Omnigate's own count: what is still for sale. A parked order may hold what no shipment does."""
    if shelf.available is None:
        return
    free = shelf.start - sold
    if not free - waiting <= shelf.available <= free:
        yield f"Omnigate would sell {shelf.available} more, of {shelf.start} are {sold} sold"
    if shelf.available < 0:
        yield f"Omnigate has sold {-shelf.available} more than there were"


def _units(effects: tuple[Effect, ...], lines: Mapping[str, tuple[Line, ...]], kind: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for effect in effects:
        if (effect.system, effect.kind) == ("wms", kind):
            for _, sku, units in effect.lines or lines.get(effect.id, ()):
                found[sku] += units
    return found


def _held_by_parked(books: Books) -> Counter[str]:
    held: Counter[str] = Counter()
    for account in books.accounts.values():
        live = account.kinds["wms", "shipment"] - account.kinds["wms", "cancel"]
        if account.parked and account.wanted is not None and live <= 0:
            for _, sku, units in account.wanted.lines:
                held[sku] += units
    return held
