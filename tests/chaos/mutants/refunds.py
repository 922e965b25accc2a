"""Money that goes back as it must not: twice, never, too soon, for goods that are not good, and when nobody agreed."""

from dataclasses import replace
from typing import Any

from tests.chaos.checker.evidence import Count, Effect, Evidence, Refund, Return
from tests.chaos.mutants.given import Given


def money_given_back_twice(given: Given) -> Evidence:
    """As soundly as could be: asked for under a key of its own."""
    effect = _made(given, "psp", "refund")
    asked = next(each for each in given.applied() if (each.system, each.name) == ("psp", effect.name))
    named: dict[str, Any] = {"key": f"rfd_{given.dice.randrange(10**6)}:refund", "sequence": given.beyond()}
    more = given.put("effects", effect, effect, replace(effect, id="ref_more", **named))
    return replace(more, attempts=(*more.attempts, replace(asked, **named)))


def money_never_given_back(given: Given) -> Evidence:
    return _never(given, _made(given, "psp", "refund"))


def credit_never_posted(given: Given) -> Evidence:
    return _never(given, _made(given, "erp", "credit_memo"))


def credit_for_another_refund(given: Given) -> Evidence:
    return _about(given, _made(given, "erp", "credit_memo"), {"refund": "ref_anothers"}, {"invoice": "inv_anothers"})


def money_back_out_of_another_capture(given: Given) -> Evidence:
    return _about(given, _made(given, "psp", "refund"), {"capture": "cap_anothers"})


def money_back_before_its_goods(given: Given) -> Evidence:
    effect = _made(given, "psp", "refund")
    return given.put("effects", effect, replace(effect, at=given.evidence.circumstances.started))


def goods_rejected_after_all(given: Given) -> Evidence:
    back = given.pick(each for each in _closed(given) if any(count.accepted for count in each.counts))
    count = given.pick(count for count in back.counts if count.accepted)
    return _counted(given, back, count, accepted=count.accepted - 1, rejected=count.rejected + 1)


def goods_good_after_all(given: Given) -> Evidence:
    back = given.pick(each for each in _closed(given) if any(count.rejected for count in each.counts))
    count = given.pick(count for count in back.counts if count.rejected)
    return _counted(given, back, count, accepted=count.accepted + 1, rejected=count.rejected - 1)


def fee_that_was_not_taken(given: Given) -> Evidence:
    back = given.pick(each for each in _closed(given) if any(count.accepted for count in each.counts))
    dearer = tuple(replace(line, percent=50 + given.dice.randrange(50), most=None) for line in back.returned)
    return given.put("returns", back, replace(back, returned=dearer))


def money_back_that_nobody_agreed_to(given: Given) -> Evidence:
    back = given.pick(each for each in _closed(given) if each.refunds)
    return given.put("returns", back, replace(back, limit=given.dice.randrange(50), yeses=()))


def return_that_never_ends(given: Given) -> Evidence:
    back = given.pick(given.evidence.returns)
    return given.put("returns", back, replace(back, status=given.pick(("received", "inspecting", "dispositioned"))))


def return_forgotten(given: Given) -> Evidence:
    return given.put("returns", given.pick(each for each in given.evidence.returns if each.refunds))


def refund_told_otherwise(given: Given) -> Evidence:
    back = given.pick(each for each in _closed(given) if each.refunds)
    refund = given.pick(back.refunds)
    other: Refund = given.pick((replace(refund, amount=refund.amount + 1), replace(refund, status="failed")))
    kept = tuple(other if each is refund else each for each in back.refunds)
    return given.put("returns", back, replace(back, refunds=kept))


def refund_forgotten(given: Given) -> Evidence:
    back = given.pick(each for each in given.evidence.returns if each.refunds)
    gone = given.pick(back.refunds)
    return given.put("returns", back, replace(back, refunds=tuple(each for each in back.refunds if each is not gone)))


def _made(given: Given, system: str, kind: str) -> Effect:
    return given.pick(each for each in given.settled() if (each.system, each.kind) == (system, kind))


def _never(given: Given, effect: Effect) -> Evidence:
    """Nor did anybody ask for it."""
    asked = tuple(each for each in given.evidence.attempts if (each.system, each.name) != (effect.system, effect.name))
    return replace(given.put("effects", effect), attempts=asked)


def _about(given: Given, effect: Effect, *others: dict[str, str]) -> Evidence:
    return given.put("effects", effect, replace(effect, data={**effect.data, **given.pick(others)}))


def _closed(given: Given) -> list[Return]:
    return [each for each in given.evidence.returns if each.status == "closed"]


def _counted(given: Given, back: Return, count: Count, **other: int) -> Evidence:
    counts = tuple(replace(each, **other) if each is count else each for each in back.counts)  # type: ignore[arg-type]
    return given.put("returns", back, replace(back, counts=counts))


REFUNDS = (
    *(money_given_back_twice, money_never_given_back, credit_never_posted, credit_for_another_refund),
    *(money_back_out_of_another_capture, money_back_before_its_goods, goods_rejected_after_all, goods_good_after_all),
    *(fee_that_was_not_taken, money_back_that_nobody_agreed_to, return_that_never_ends, return_forgotten),
    *(refund_told_otherwise, refund_forgotten),
)
