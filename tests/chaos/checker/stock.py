"""I4, stock: at each node, what there was, less what was promised or has left, is what there is; never below none."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from tests.chaos.checker.books import Books, gone
from tests.chaos.checker.evidence import Effect, Line, Shelf, Violation

Place = tuple[str, str]  # node, SKU
MAIN = "main"  # of shipments that name none


def stock(books: Books) -> Iterator[Violation]:
    if not books.evidence.shelves:
        return
    effects = books.evidence.effects
    promised, gone_, back = _moved(effects)
    waiting, doubted, again = _held_by_parked(books), _doubted(effects), _for_sale_again(books)
    known = {(shelf.node, shelf.sku) for shelf in books.evidence.shelves}
    for node, sku in (promised | gone_).keys() - known:
        yield Violation("I4", None, f"{sku} was shipped and lies on no shelf of {node}")
    for shelf in books.evidence.shelves:
        at = (shelf.node, shelf.sku)
        moved = (promised[at], gone_[at], back[at])
        ours = _ours(shelf, moved[0] - moved[2] - again[at], waiting[shelf.sku], doubted=at in doubted)
        for sentence in (*_warehouse(shelf, *moved), *ours):
            yield Violation("I4", None, f"{shelf.sku} at {shelf.node}: {sentence}")


def _warehouse(shelf: Shelf, released: int, left: int, back: int) -> Iterator[str]:
    if shelf.on_hand != shelf.start - left:
        yield f"{shelf.on_hand} on the shelf, of {shelf.start} have {left} left"
    if shelf.allocated != released - left - back:
        yield f"{shelf.allocated} promised to shipments, which come to {released - left - back}"
    if not 0 <= shelf.allocated <= shelf.on_hand:
        yield f"{shelf.allocated} promised of {shelf.on_hand}: more was sold than there was"


def _ours(shelf: Shelf, sold: int, waiting: int, *, doubted: bool) -> Iterator[str]:
    """Omnigate's own count: what is still for sale. A parked order may hold what no shipment does, and of what a store
    said that it is not there, less is for sale than lies there."""
    if shelf.available is None:
        return
    free = shelf.start - sold
    if shelf.available > free or (shelf.available < free - waiting and not doubted):
        yield f"Omnigate would sell {shelf.available} more, of {shelf.start} are {sold} sold"
    if shelf.available < 0 and not doubted:
        yield f"Omnigate has sold {-shelf.available} more than there were"


def _moved(effects: Sequence[Effect]) -> tuple[Counter[Place], Counter[Place], Counter[Place]]:
    """Promised to shipments and tasks, left, and promised no more. What takes back names neither lines nor node, and
    what a store did not find of a task it promises no more."""
    asked = {effect.id: effect for effect in effects if effect.kind in ("shipment", "task")}
    set_aside: dict[str, tuple[Line, ...]] = {}
    promised, gone_, back = Counter[Place](), Counter[Place](), Counter[Place]()
    for effect in sorted(effects, key=lambda effect: effect.sequence):
        about = asked.get(effect.id, effect)
        place = partial(_at, str(about.data.get("node", MAIN)))
        match effect.system, effect.kind:
            case ("wms", "shipment") | ("store", "accepted"):
                set_aside[effect.id] = effect.lines or ()
                promised += place(effect.lines or ())
            case ("store", "ready"):
                back += place(set_aside.pop(effect.id, ())) - place(gone(effect))
                set_aside[effect.id] = gone(effect)
            case ("wms", "shipped") | ("store", "handed_over"):
                set_aside.pop(effect.id, None)
                gone_ += place(gone(effect) or about.lines or ())
            case ("wms", "cancel") | ("store", "cancel" | "rejected"):
                back += place(set_aside.pop(effect.id, ()))
    return promised, gone_, back


def _at(node: str, lines: Iterable[Line]) -> Counter[Place]:
    found: Counter[Place] = Counter()
    for _, sku, count in lines:
        found[node, sku] += count
    return found


def _doubted(effects: Sequence[Effect]) -> set[Place]:
    """What a store has ever said that it has not got."""
    asked = {effect.id: effect for effect in effects if effect.kind == "task"}
    short = [each for each in effects if (each.kind == "ready" and gone(each) != each.lines) or each.kind == "rejected"]
    nodes = [(str(asked.get(each.id, each).data.get("node", MAIN)), each.lines or ()) for each in short]
    return {(node, sku) for node, lines in nodes for _, sku, _ in lines}


def _for_sale_again(books: Books) -> Counter[Place]:
    """What came back as good as new, or was bought. Omnigate is told of it; the warehouse's books are about what it
    ships."""
    found: Counter[Place] = Counter()
    for account in books.accounts.values():
        skus = {line: sku for line, sku, _ in account.wanted.lines} if account.wanted else {}
        for back in account.returns:
            for count in back.counts:
                found[count.node, skus.get(count.line, "")] += count.restocked
    for purchase in books.evidence.purchases:
        skus = {line: sku for revision in purchase.revisions for line, sku, _, _ in revision.lines}
        for receipt in purchase.receipts:
            for line, came, damaged in receipt.lines:
                found[receipt.node, skus.get(line, "")] += came - damaged
    return found


def _held_by_parked(books: Books) -> Counter[str]:
    """At most so many, at whichever node: where its parts are served from is not told."""
    held: Counter[str] = Counter()
    for account in books.accounts.values():
        if not account.parked or account.wanted is None:
            continue
        for share in account.shares:
            kinds = share.kinds
            live = (
                kinds["wms", "shipment"]
                + kinds["store", "accepted"]
                - kinds["wms", "cancel"]
                - kinds["store", "cancel"]
            )
            for _, sku, count in share.lines if live <= 0 and not share.undone else ():
                held[sku] += count
    return held
