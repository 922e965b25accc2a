"""Parts that do not fit: shipped twice, more of them than there is of the order, paid or booked as a sibling is."""

from dataclasses import replace

from tests.chaos.checker.evidence import Effect, Evidence, Part
from tests.chaos.mutants.given import Given


def part_shipped_twice(given: Given) -> Evidence:
    """As soundly as could be: released again under a key of its own, and gone."""
    left = given.pick(each for each in given.settled() if each.kind == "shipped")
    released = next(each for each in given.evidence.effects if each.kind == "shipment" and each.id == left.id)
    asked = next(each for each in given.applied() if (each.system, each.name) == ("wms", released.name))
    name, first = f"{(released.name or '').partition(':')[0]}:again", given.beyond()
    again = replace(released, id="shp_again", key=name, reference=name, sequence=first)
    gone = replace(left, id="shp_again", reference=name, sequence=first + 1)
    more = replace(asked, key=name, reference=name, sequence=first)
    evidence = given.evidence
    return replace(evidence, effects=(*evidence.effects, again, gone), attempts=(*evidence.attempts, more))


def parts_that_ship_more_than_was_ordered(given: Given) -> Evidence:
    """Booked, released and told alike: only together they are too much."""
    order, parts = given.pick(given.split())
    part = given.pick(parts)
    (line, pieces), *rest = part.lines
    larger = replace(part, lines=((line, pieces + 1), *rest))
    told = replace(order, parts=tuple(larger if each is part else each for each in order.parts))
    effects = [
        replace(each, lines=_more(each, line)) if _is_of(each, part) and each.lines else each
        for each in given.evidence.effects
    ]
    return replace(given.put("orders", order, told), effects=tuple(effects))


def part_captured_with_a_siblings_amount(given: Given) -> Evidence:
    """The sum is right."""
    return _exchanged(given, "capture")


def part_invoiced_with_a_siblings_amount(given: Given) -> Evidence:
    return _exchanged(given, "invoice")


def _exchanged(given: Given, kind: str) -> Evidence:
    unlike = [parts for _, parts in given.split() if parts[0].amount != parts[1].amount]
    one, other = (given.of_part(part, kind) for part in given.pick(unlike)[:2])
    amounts = {one.sequence: other.amount, other.sequence: one.amount}
    effects = [replace(each, amount=amounts.get(each.sequence, each.amount)) for each in given.evidence.effects]
    return replace(given.evidence, effects=tuple(effects))


def part_captured_under_its_siblings_name(given: Given) -> Evidence:
    _, parts = given.pick(given.split())
    one, other = (given.of_part(part, "capture") for part in parts[:2])
    return given.put("effects", one, replace(one, key=f"{(other.key or '').partition(':')[0]}:another"))


def part_shipped_from_elsewhere(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.kind == "shipment")
    return given.put("effects", effect, replace(effect, data={"node": "nowhere"}))


def part_forgotten(given: Given) -> Evidence:
    order = given.pick(each for each in given.ended() if any(part.status == "completed" for part in each.parts))
    part = given.pick(part for part in order.parts if part.status == "completed")
    return given.put("orders", order, replace(order, parts=tuple(each for each in order.parts if each is not part)))


def part_of_another_amount(given: Given) -> Evidence:
    order = given.pick(each for each in given.ended() if each.parts)
    part = given.pick(order.parts)
    other = replace(part, amount=part.amount + given.pick((-1, 1, 100)))
    parts = tuple(other if each is part else each for each in order.parts)
    return given.put("orders", order, replace(order, parts=parts))


def pieces_told_otherwise(given: Given) -> Evidence:
    order = given.pick(each for each in given.ended() if each.pieces)
    (line, where, count), *rest = order.pieces
    other = given.pick(({(line, where, count + 1)}, {(line, "open", count)}, {(line, "lost", count)}))
    return given.put("orders", order, replace(order, pieces=(*other, *rest)))


def money_told_otherwise(given: Given) -> Evidence:
    order = given.pick(each for each in given.ended() if each.pieces)
    other = given.pick(each for each in ("authorised", "partially_captured", "unpaid") if each != order.payment)
    return given.put("orders", order, replace(order, payment=other))


def _is_of(effect: Effect, part: Part) -> bool:
    return (effect.name or "").partition(":")[0] == part.part_id


def _more(effect: Effect, line: str) -> tuple[tuple[str, str, int], ...]:
    return tuple((name, sku, units + (name == line)) for name, sku, units in effect.lines or ())


PARTS = (
    *(part_shipped_twice, parts_that_ship_more_than_was_ordered, part_captured_with_a_siblings_amount),
    *(part_invoiced_with_a_siblings_amount, part_captured_under_its_siblings_name, part_shipped_from_elsewhere),
    *(part_forgotten, part_of_another_amount, pieces_told_otherwise, money_told_otherwise),
)
