"""Ledgers that are wrong: rows lost, doubled, altered, exchanged; calls that were made otherwise than is told."""

from dataclasses import replace

from tests.chaos.checker.evidence import Evidence
from tests.chaos.mutants.given import ASIDE, Given


def effect_dropped(given: Given) -> Evidence:
    return given.put("effects", given.pick(given.settled()))


def effect_doubled(given: Given) -> Evidence:
    effect = given.pick(given.evidence.effects)
    return given.put("effects", effect, effect, replace(effect, id="again", sequence=given.beyond()))


def effect_done_again_under_another_key(given: Given) -> Evidence:
    effect = given.pick(given.asked())
    again = replace(effect, id="again", key="again", reference="again", sequence=given.beyond())
    return given.put("effects", effect, effect, again)


def effect_of_another_amount(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.amount is not None)
    return given.put("effects", effect, replace(effect, amount=(effect.amount or 0) + given.pick((-1, 1, 100))))


def money_taken_again_in_a_part(given: Given) -> Evidence:
    """As soundly as could be, under a key of its own: but it was not owed."""
    effect = given.pick(each for each in given.settled() if each.kind == "capture")
    asked = next(each for each in given.applied() if (each.system, each.name) == ("psp", effect.name))
    named = {"key": f"{(effect.key or '').partition(':')[0]}:a-part-more", "sequence": given.beyond()}
    part = replace(effect, id="cap_more", amount=given.dice.randrange(1, (effect.amount or 1) + 1), **named)
    more = given.put("effects", effect, effect, part)
    return replace(more, attempts=(*more.attempts, replace(asked, **named)))


def rest_given_back_of_money_taken(given: Given) -> Evidence:
    effect = given.pick(each for each in given.settled() if each.kind == "capture")
    back = replace(effect, kind="void", id=str(effect.data["authorisation"]), key="void", sequence=given.beyond())
    return given.put("effects", effect, effect, back)


def effect_in_another_currency(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.amount is not None)
    return given.put("effects", effect, replace(effect, currency="EUR"))


def effect_of_another_order(given: Given) -> Evidence:
    effect = given.pick(given.settled())
    other = given.pick(each.order_id for each in given.evidence.orders if each.order_id != effect.order_id)
    return given.put("effects", effect, replace(effect, order_id=other))


def effect_of_nobodys_order(given: Given) -> Evidence:
    effect = given.pick(given.evidence.effects)
    return given.put("effects", effect, replace(effect, order_id=given.pick((ASIDE, None))))


def effect_without_a_name(given: Given) -> Evidence:
    effect = given.pick(given.asked())
    return given.put("effects", effect, replace(effect, key=None, reference=None))


def effect_with_another_quantity(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.lines)
    (name, sku, units), *rest = effect.lines or ()
    return given.put("effects", effect, replace(effect, lines=((name, sku, units + 1), *rest)))


def effect_with_another_sku(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.lines)
    (name, _, units), *rest = effect.lines or ()
    return given.put("effects", effect, replace(effect, lines=((name, "ANOTHER-1", units), *rest)))


def effect_without_a_line(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.lines)
    return given.put("effects", effect, replace(effect, lines=(effect.lines or ())[1:]))


def sales_order_of_another_partner(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.kind == "sales_order")
    other = given.another_channel(effect.data["channel"])
    return given.put("effects", effect, replace(effect, data={**effect.data, "channel": other}))


def sales_order_with_other_goods(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.kind == "sales_order")
    other = given.dice.randrange(-1000, 0)
    return given.put("effects", effect, replace(effect, data={**effect.data, "goods": other}))


def invoice_not_paid(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.kind == "invoice")
    other = given.pick(({"paid": 0}, {"payment": "cap_anothers"}, {"sales_order": "so_anothers"}))
    return given.put("effects", effect, replace(effect, data={**effect.data, **other}))


def money_of_another_authorisation(given: Given) -> Evidence:
    effect = given.pick(each for each in given.evidence.effects if each.kind in ("capture", "void"))
    return given.put("effects", effect, replace(effect, data={**effect.data, "authorisation": "aut_anothers"}))


def sequence_swapped(given: Given) -> Evidence:
    effect = given.pick(each for each in given.settled() if each.kind == "authorisation")  # others came after it
    other = given.pick(each for each in given.settled() if each.order_id == effect.order_id and each is not effect)
    numbers = {effect.sequence: other.sequence, other.sequence: effect.sequence}
    effects = (replace(each, sequence=numbers.get(each.sequence, each.sequence)) for each in given.evidence.effects)
    return replace(given.evidence, effects=tuple(effects))


def attempt_under_another_key(given: Given) -> Evidence:
    attempt = given.pick(given.applied())
    return given.put("attempts", attempt, replace(attempt, key="another", reference="another"))


def attempt_denied(given: Given) -> Evidence:
    attempt = given.pick(given.applied())
    return given.put("attempts", attempt, replace(attempt, applied=False))


def attempt_claimed(given: Given) -> Evidence:
    attempt = given.pick(given.applied(applied=False))
    return given.put("attempts", attempt, replace(attempt, applied=True))


def attempt_dropped(given: Given) -> Evidence:
    return given.put("attempts", given.pick(given.applied()))


def attempt_over_and_over(given: Given) -> Evidence:
    attempt = given.pick(given.evidence.attempts)
    return given.put("attempts", attempt, *[attempt] * (given.evidence.circumstances.attempts + 1))


def attempt_for_nobody(given: Given) -> Evidence:
    attempt = given.pick(given.evidence.attempts)
    return given.put("attempts", attempt, replace(attempt, order_id=ASIDE))


def attempt_under_the_key_of_another_step(given: Given) -> Evidence:
    attempt = given.pick(given.applied())
    same = [each for each in given.applied() if each.system == attempt.system and each.name != attempt.name]
    other = given.pick(same)
    return given.put("attempts", attempt, replace(attempt, key=other.key, reference=other.reference))


LEDGERS = (
    *(effect_dropped, effect_doubled, effect_done_again_under_another_key, effect_of_another_amount),
    *(effect_in_another_currency, effect_of_another_order, effect_of_nobodys_order, effect_without_a_name),
    *(effect_with_another_quantity, effect_with_another_sku, effect_without_a_line, sales_order_of_another_partner),
    *(sales_order_with_other_goods, invoice_not_paid, money_of_another_authorisation, sequence_swapped),
    *(attempt_under_another_key, attempt_denied, attempt_claimed, attempt_dropped, attempt_over_and_over),
    *(attempt_for_nobody, attempt_under_the_key_of_another_step, money_taken_again_in_a_part),
    *(rest_given_back_of_money_taken,),
)
