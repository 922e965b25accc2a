"""I15, buying: of each issued revision one purchase in the ERP and one message to its supplier; one revision stands at
a time; what was cancelled or revised is taken back; and at rest what is in force stands in both."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.chaos.checker.billing import billing
from tests.chaos.checker.books import Books, named
from tests.chaos.checker.evidence import (
    Effect,
    Violation,
)
from tests.chaos.checker.names import Kind, asks_for_buying
from tests.chaos.checker.papers import Purchase, Revision

ORDERED: Kind = ("erp", "purchase_order")
SENT: Kind = ("supplier", "message")
REMINDED: Kind = ("supplier", "reminder")
TAKEN_BACK: Mapping[Kind, Kind] = {ORDERED: ("erp", "purchase_cancel"), SENT: ("supplier", "withdrawal")}
AGREED = ("confirmed", "partially_received", "received")
OVER = (*AGREED, "cancelled")


def buying(books: Books) -> Iterator[Violation]:
    purchases = {each.po_id: each for each in books.evidence.purchases}
    for po_id, effects in books.bought.items():
        for effect in effects if po_id not in purchases else ():
            yield Violation("I15", po_id, f"{named(effect)} is of no purchase order")
    for attempt in books.evidence.attempts:
        if asks_for_buying(attempt) and attempt.applied and attempt.order_id not in purchases:
            yield Violation("I15", None, f"{attempt.system} {attempt.operation} was done for no purchase order")
    for po_id, purchase in purchases.items():
        effects = books.bought.get(po_id, [])
        for sentence in (*_of(purchase, effects), *billing(purchase, effects, books.evidence.invoices)):
            yield Violation("I15", po_id, sentence)


def _of(purchase: Purchase, effects: Sequence[Effect]) -> Iterator[str]:
    yield from _end(purchase)
    for done in TAKEN_BACK:
        yield from _once(done, effects)
        yield from _known(done, purchase, effects)
        yield from _one_at_a_time(done, effects)
        yield from _stands(done, purchase, effects)
    for (revision, awaited), times in Counter(
        (each.data.get("revision"), each.data.get("awaited")) for each in _all(REMINDED, effects)
    ).items():
        if times > 1:
            yield f"the {awaited} of revision {revision} was asked for {times} times"


def _end(purchase: Purchase) -> Iterator[str]:
    if purchase.status is None:
        yield "was written, and Omnigate does not know it"
    elif purchase.status not in OVER:
        yield f"is {purchase.status}: it is neither agreed to nor cancelled"
    elif purchase.cancelled and purchase.status != "cancelled":
        yield f"was cancelled, and is {purchase.status}"


def _once(done: Kind, effects: Sequence[Effect]) -> Iterator[str]:
    for revision, times in Counter(each.data.get("revision") for each in _all(done, effects)).items():
        if times > 1:
            yield f"revision {revision} has {times} effects {' '.join(done)}"
    made, back = {each.id for each in _all(done, effects)}, TAKEN_BACK[done]
    for name, times in Counter(each.id for each in _all(back, effects)).items():
        if name not in made:
            yield f"{' '.join(back)} took back {name}, which is none of its"
        elif times > 1:
            yield f"{' '.join(done)} {name} was taken back {times} times"


def _known(done: Kind, purchase: Purchase, effects: Sequence[Effect]) -> Iterator[str]:
    """Of a revision that was issued, or in the ERP agreed to; and says what that says."""
    revisions = {each.number: each for each in purchase.revisions if done == ORDERED or not each.agreed}
    for effect in _all(done, effects):
        revision = revisions.get(int(effect.data.get("revision", 0)))
        if revision is None:
            yield f"{named(effect)} is of revision {effect.data.get('revision')}, which was never issued"
        elif effect.lines != tuple(sorted((line, sku, pieces) for line, sku, pieces, _ in revision.lines)):
            yield f"{named(effect)} has other lines than revision {revision.number}"
        elif done == ORDERED and (effect.amount, effect.currency) != (_worth(revision), purchase.currency):
            yield f"{named(effect)} is {effect.amount} {effect.currency}, the revision {_worth(revision)}"
        if done == ORDERED and effect.data.get("supplier_code") != purchase.supplier:
            yield f"{named(effect)} is of {effect.data.get('supplier_code')}, the order of {purchase.supplier}"


def _one_at_a_time(done: Kind, effects: Sequence[Effect]) -> Iterator[str]:
    standing: dict[str, object] = {}
    for effect in effects:
        kind = (effect.system, effect.kind)
        if kind == done:
            standing[effect.id] = effect.data.get("revision")
        elif kind == TAKEN_BACK[done]:
            standing.pop(effect.id, None)
        if kind == done and len({*standing.values()}) > 1:
            yield f"{' '.join(done)} of revisions {sorted({*standing.values()}, key=str)} stood at once"


def _stands(done: Kind, purchase: Purchase, effects: Sequence[Effect]) -> Iterator[str]:
    """At rest: what is in force, and nothing that was cancelled or revised. Suppliers were sent what was issued; what
    they said to it nobody tells them."""
    back = {each.id for each in _all(TAKEN_BACK[done], effects)}
    standing = [each.data.get("revision") for each in _all(done, effects) if each.id not in back]
    due: list[int] = []
    if purchase.status in AGREED:
        issued = max((each.number for each in purchase.revisions if not each.agreed), default=0)
        due = [purchase.in_force or 0] if done == ORDERED else [issued]
    if purchase.status in OVER and standing != due:
        yield f"is {purchase.status}, and of {' '.join(done)} stand revisions {standing} instead of {due}"


def _worth(revision: Revision) -> int:
    return sum(pieces * price for _, _, pieces, price in revision.lines)


def _all(kind: Kind, effects: Sequence[Effect]) -> list[Effect]:
    return [each for each in effects if (each.system, each.kind) == kind]
