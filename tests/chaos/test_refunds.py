"""What I14 can say: each case changes something in evidence of goods that came back and were paid for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.checker import check, read, write
from tests.chaos.checker.evidence import Count, Evidence, Refund, Return
from tests.chaos.goods_back import DONE, RETURNS, SPLIT, with_goods_back
from tests.chaos.honest import Change, both, changed

OF_DONE, OF_SPLIT = 0, 1  # returns


def effect(kind: str, paid: str, **other: object) -> Change:
    """That one, otherwise."""
    place = _place(with_goods_back(), kind, paid)
    return lambda evidence: replace(
        evidence,
        effects=tuple(
            replace(each, **other) if at == place else each  # type: ignore[arg-type]
            for at, each in enumerate(evidence.effects)
        ),
    )


def without(kind: str, paid: str) -> Change:
    """It never happened, and nobody asked for it."""

    def change(evidence: Evidence) -> Evidence:
        gone = evidence.effects[_place(evidence, kind, paid)]
        return replace(
            evidence,
            effects=tuple(each for each in evidence.effects if each is not gone),
            attempts=tuple(each for each in evidence.attempts if each.name != gone.name),
        )

    return change


def again(kind: str, paid: str, **other: object) -> Change:
    """Once more, as soundly as could be: asked for under the name that it has."""

    def change(evidence: Evidence) -> Evidence:
        first = evidence.effects[_place(evidence, kind, paid)]
        asked = next(each for each in evidence.attempts if (each.system, each.name) == (first.system, first.name))
        more = replace(first, id=f"{first.id} again", sequence=1000, **other)  # type: ignore[arg-type]
        named = replace(asked, key=more.key, reference=more.reference, sequence=1000)
        return replace(evidence, effects=(*evidence.effects, more), attempts=(*evidence.attempts, named))

    return change


def _place(evidence: Evidence, kind: str, paid: str) -> int:
    name = f"{kind} {paid}" if kind != "refund_failed" else f"refund {paid}"
    return next(at for at, each in enumerate(evidence.effects) if (each.kind, each.id) == (kind, name))


def of_return(at: int, change: Callable[[Return], Return]) -> Change:
    return changed("returns", at, **{name: getattr(change(RETURNS[at]), name) for name in Return.__slots__})


def refund(at: int, place: int, **other: object) -> Change:
    def change(back: Return) -> Return:
        refunds: list[Refund] = list(back.refunds)
        refunds[place] = replace(refunds[place], **other)  # type: ignore[arg-type]
        return replace(back, refunds=tuple(refunds))

    return of_return(at, change)


def counted(*counts: Count) -> Change:
    return of_return(OF_DONE, lambda back: replace(back, counts=counts))


ONE, BAD, TWO = RETURNS[OF_DONE].counts
MORE = both(
    effect("refund", "first", amount=676), refund(OF_DONE, 0, amount=676), effect("credit_memo", "first", amount=676)
)
CASES: list[tuple[Change, str, str]] = [
    (again("refund", "first"), DONE, "ret_done comes to 1305, and 1980 was given back"),
    (again("refund", "first"), DONE, "ret_done rfd_first was paid 2 times"),
    (again("refund", "first", key="rfd_other:refund"), DONE, "psp refund refund first again is of no return"),
    (without("refund", "first"), DONE, "ret_done comes to 1305, and 630 was given back"),
    (without("refund", "first"), DONE, "ret_done rfd_first is succeeded, and 0 of it stand in the provider's books"),
    (MORE, DONE, "ret_done comes to 1305, and 1306 was given back"),
    (effect("refund", "first", amount=674), DONE, "ret_done rfd_first is 675, and 674 was given back"),
    (
        effect("refund", "first", currency="EUR"),
        DONE,
        "ret_done is in GBP, and {'EUR': 675, 'GBP': 630} was given back",
    ),
    (counted(ONE, BAD, replace(TWO, accepted=0, rejected=1)), DONE, "ret_done comes to 675, and 1305 was given back"),
    (
        counted(ONE, BAD, replace(TWO, accepted=0, rejected=1)),
        DONE,
        "ret_done had {'1': 1, '2': 1} credited, and {'1': 1} was found good",
    ),
    (counted(ONE, replace(BAD, accepted=1, rejected=0), TWO), DONE, "ret_done comes to 1980, and 1305 was given back"),
    (counted(ONE, BAD, TWO, TWO), DONE, "ret_done 2 of line 2 were looked at, 1 were to come back"),
    (again("credit_memo", "second"), DONE, "ret_done rfd_second has 2 credit memos instead of 1"),
    (
        again("credit_memo", "second", reference="rfd_anew:credit"),
        DONE,
        "ret_done rfd_anew has 1 credit memos instead of 0",
    ),
    (without("credit_memo", "second"), DONE, "ret_done rfd_second has 0 credit memos instead of 1"),
    (without("credit_memo", "second"), DONE, "ret_done comes to 1305, and 675 was credited"),
    (
        effect("credit_memo", "north", lines=(("1", "ANOTHER-1", 1),)),
        SPLIT,
        "ret_split erp credit_memo credit_memo north is of other articles than the order",
    ),
    (effect("credit_memo", "north", amount=749), SPLIT, "ret_split rfd_north is 750, and 749 was credited"),
    (
        effect("credit_memo", "north", lines=(("2", "MUG-RED", 1),)),
        SPLIT,
        "ret_split had {'1': 1, '2': 1} credited, and {'1': 2} was found good",
    ),
    (
        effect("credit_memo", "north", data={"refund": "refund south", "invoice": "invoice of ful_south"}),
        SPLIT,
        "ret_split rfd_north is credited for refund south, which is another's",
    ),
    (
        effect("credit_memo", "north", data={"refund": "refund north", "invoice": "invoice of ful_south"}),
        SPLIT,
        "erp credit_memo credit_memo north is of another invoice than its refund",
    ),
    (
        effect("refund", "north", data={"capture": "capture of ful_south"}),
        SPLIT,
        "1500 was given back of 1145 that capture of ful_south took",
    ),
    (
        effect("refund", "north", data={"capture": "capture of ful_done"}),
        SPLIT,
        "750 was given back of capture of ful_done, which is no capture of its",
    ),
    (effect("refund", "first", at=49.0), DONE, "ret_done had 675 given back when 0 was due"),
    (effect("refund_failed", "second", sequence=999), DONE, "ret_done had 1935 given back when 1305 was due"),
    (without("refund_failed", "second"), DONE, "ret_done comes to 1305, and 1935 was given back"),
    (
        of_return(OF_DONE, lambda back: replace(back, yeses=())),
        DONE,
        "ret_done had 675 given back as tranche 1, and nobody else had agreed",
    ),
    (
        of_return(OF_SPLIT, lambda back: replace(back, asked_by="ann")),
        SPLIT,
        "ret_split had 1500 given back as tranche 1, and nobody else had agreed",
    ),
    (
        of_return(OF_SPLIT, lambda back: replace(back, yeses=(replace(back.yeses[0], at=58.0),))),
        SPLIT,
        "ret_split had tranche 1 given back before anybody had agreed",
    ),
    (
        of_return(OF_DONE, lambda back: replace(back, status="received")),
        DONE,
        "ret_done is received: it has neither ended nor is it parked",
    ),
    (
        of_return(OF_DONE, lambda back: replace(back, status="cancelled")),
        DONE,
        "ret_done comes to 0, and 1305 was given back",
    ),
    (
        of_return(OF_SPLIT, lambda back: replace(back, order_id="ord_nobodys")),
        "ord_nobodys",
        "ret_split is of an order that nobody knows",
    ),
    (changed("returns", OF_SPLIT, return_id="ret_twice", order_id=DONE), DONE, "piece 0 of line 1 came back 2 times"),
]


@pytest.mark.parametrize(("change", "order", "sentence"), CASES)
def test_what_goes_wrong_with_money_that_goes_back_is_named(change: Change, order: str, sentence: str) -> None:
    violations = check(change(with_goods_back()), only=["I14"])

    assert (order, sentence) in [(each.order, each.sentence) for each in violations]
    assert {each.invariant for each in violations} == {"I14"}


@pytest.mark.parametrize(("restocked", "free"), [(0, 6), (2, 8)])
def test_what_is_for_sale_again_is_so_once(restocked: int, free: int) -> None:
    found = check(counted(replace(ONE, restocked=restocked), BAD, TWO)(with_goods_back()), only=["I4"])

    said = f"LAMP-7 at main: Omnigate would sell 7 more, of 10 are {10 - free} sold"
    assert [each.sentence for each in found] == [said]


def test_nothing_is_wrong_with_money_that_went_back_once() -> None:
    assert check(with_goods_back()) == []


def test_evidence_of_returns_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(with_goods_back(), tmp_path / "run.jsonl")

    assert read(tmp_path / "run.jsonl") == with_goods_back()
