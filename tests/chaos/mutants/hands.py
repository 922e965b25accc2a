"""Goods that go over the counter as they must not, labels and tasks that are left, and queues out of turn."""

from dataclasses import replace

from tests.chaos.checker.books import UNDONE
from tests.chaos.checker.evidence import Evidence, Exchange, Order, Part
from tests.chaos.checker.hands import FETCHED, TILL
from tests.chaos.mutants.given import Given


def goods_handed_over_twice(given: Given) -> Evidence:
    said = given.pick(_yes(given))
    return given.put("exchanges", said, said, replace(said, key="another", body="another", sent=said.sent + 1))


def goods_handed_over_after_the_end(given: Given) -> Evidence:
    """Against the code that their customer was told."""
    said, (order, part) = given.pick(_yes(given)), given.pick(_fetched(given, *UNDONE))
    code = next(each.code for each in given.evidence.messages if each.order_id == order.order_id and each.code)
    late = replace(said, key="late", order_id=order.order_id, part=part.part_id, code=code, body="late")
    return given.put("exchanges", said, said, late)


def goods_handed_over_against_another_code(given: Given) -> Evidence:
    said = given.pick(_yes(given))
    return given.put("exchanges", said, replace(said, code=f"{given.dice.randrange(10**7, 10**8)}"))


def code_that_was_never_told(given: Given) -> Evidence:
    fetched = {each.order_id for each in _yes(given)}
    message = given.pick(each for each in given.evidence.messages if each.code and each.order_id in fetched)
    return given.put("messages", message)


def code_told_of_nothing(given: Given) -> Evidence:
    message = given.pick(each for each in given.evidence.messages if each.code)
    return given.put("messages", message, message, replace(message, code=f"{given.dice.randrange(10**7, 10**8)}"))


def goods_that_no_till_asked_for(given: Given) -> Evidence:
    _, part = given.pick(_fetched(given, "completed"))
    kept = tuple(each for each in given.evidence.exchanges if each.part != part.part_id)
    return replace(given.evidence, exchanges=kept)


def task_left_open(given: Given) -> Evidence:
    """Nobody ever asked the store to stop."""
    return _never(given, "store", "cancel")


def label_voided_of_what_has_left(given: Given) -> Evidence:
    """As soundly as could be, asked for under a key of its own."""
    voids = {each.id for each in given.evidence.effects if (each.system, each.kind) == ("carrier", "void")}
    label = given.pick(each for each in given.evidence.effects if each.kind == "label" and each.id not in voids)
    named = {"key": f"{label.key}:undo", "sequence": given.beyond()}
    asked = next(each for each in given.applied() if (each.system, each.name) == ("carrier", label.name))
    void = replace(label, kind="void", amount=None, currency=None, **named)
    more = given.put("effects", label, label, void)
    return replace(more, attempts=(*more.attempts, replace(asked, operation="void_label", **named)))


def queue_out_of_turn(given: Given) -> Evidence:
    """Who came last has got everything, and who came first nothing."""
    before, after = given.pick(list(zip(given.evidence.queues, given.evidence.queues[1:], strict=False))[:1])
    kept = before.waiting[: given.dice.randrange(1, len(before.waiting))]
    return given.put("queues", after, replace(after, at=after.at + given.dice.random() / 1000, waiting=kept))


def _yes(given: Given) -> list[Exchange]:
    return [each for each in given.evidence.exchanges if each.operation == TILL and each.status == 200]


def _fetched(given: Given, *statuses: str) -> list[tuple[Order, Part]]:
    parts = [(order, part) for order in given.ended() for part in order.parts]
    return [(order, part) for order, part in parts if part.method in FETCHED and part.status in statuses]


def _never(given: Given, system: str, kind: str) -> Evidence:
    effect = given.pick(each for each in given.settled() if (each.system, each.kind) == (system, kind))
    kept = tuple(each for each in given.evidence.attempts if (each.system, each.name) != (system, effect.name))
    return replace(given.put("effects", effect), attempts=kept)


HANDS = (
    *(goods_handed_over_twice, goods_handed_over_after_the_end, goods_handed_over_against_another_code),
    *(code_that_was_never_told, code_told_of_nothing, goods_that_no_till_asked_for, task_left_open),
    *(label_voided_of_what_has_left, queue_out_of_turn),
)
