"""I4, stock: at each node, what there was, less what was promised or has left, is what there is; never below none."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.checker.books import Books
from tests.chaos.checker.evidence import Effect, Line, Shelf, Violation

Place = tuple[str, str]  # node, SKU
MAIN = "main"  # of shipments that name none


def stock(books: Books) -> Iterator[Violation]:
    if not books.evidence.shelves:
        return
    effects = books.evidence.effects
    released = {effect.id: effect for effect in effects if (effect.system, effect.kind) == ("wms", "shipment")}
    promised, left, back = (_units(effects, released, kind) for kind in ("shipment", "shipped", "cancel"))
    waiting = _held_by_parked(books)
    known = {(shelf.node, shelf.sku) for shelf in books.evidence.shelves}
    for node, sku in (promised | left).keys() - known:
        yield Violation("I4", None, f"{sku} was shipped and lies on no shelf of {node}")
    for shelf in books.evidence.shelves:
        at = (shelf.node, shelf.sku)
        moved = (promised[at], left[at], back[at])
        for sentence in (*_warehouse(shelf, *moved), *_ours(shelf, moved[0] - moved[2], waiting[shelf.sku])):
            yield Violation("I4", None, f"{shelf.sku} at {shelf.node}: {sentence}")


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


def _units(effects: tuple[Effect, ...], released: Mapping[str, Effect], kind: str) -> Counter[Place]:
    """A cancel names its shipment, and neither lines nor node."""
    found: Counter[Place] = Counter()
    for effect in effects:
        if (effect.system, effect.kind) == ("wms", kind):
            about = released.get(effect.id, effect)
            lines: tuple[Line, ...] = effect.lines or about.lines or ()
            for _, sku, count in lines:
                found[str(about.data.get("node", MAIN)), sku] += count
    return found


def _held_by_parked(books: Books) -> Counter[str]:
    """At most so many, at whichever node: where its parts are served from is not told."""
    held: Counter[str] = Counter()
    for account in books.accounts.values():
        if not account.parked or account.wanted is None:
            continue
        for share in account.shares:
            live = share.kinds["wms", "shipment"] - share.kinds["wms", "cancel"]
            for _, sku, count in share.lines if live <= 0 and not share.undone else ():
                held[sku] += count
    return held
