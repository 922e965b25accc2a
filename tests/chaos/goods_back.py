"""The hand-made evidence with goods that came back: in two lots, rejected in part, paid out of two captures, and paid
anew after the provider had taken its word back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.checker.evidence import Count, Effect, Evidence, Refund, Return, ReturnedLine, Yes
from tests.chaos.honest import SKUS, attempt_at, honest

DONE, SPLIT = "ord_done", "ord_split"
LIMIT = 650


@dataclass(frozen=True, slots=True)
class Paid:
    """One refund: *out_of* the capture of that part, for these pieces. None: what failed is paid anew."""

    name: str
    order_id: str
    out_of: str
    amount: int
    at: float
    pieces: Mapping[str, int] | None

    @property
    def refund_id(self) -> str:
        return f"rfd_{self.name}"


FIRST = Paid("first", DONE, "ful_done", 675, 51.0, {"1": 1})  # 750, less ten per cent
SECOND = Paid("second", DONE, "ful_done", 630, 61.0, {"2": 1})  # 700, less as much
ANEW = Paid("anew", DONE, "ful_done", 630, 64.0, None)
SOUTH = Paid("south", SPLIT, "ful_south", 750, 56.0, {"1": 1})
NORTH = Paid("north", SPLIT, "ful_north", 750, 57.0, {"1": 1})
RETURNS = (
    Return(
        return_id="ret_done",
        order_id=DONE,
        status="closed",
        asked_by="web",
        limit=LIMIT,
        returned=(
            ReturnedLine(line="1", units=(0, 1), percent=10, most=500),
            ReturnedLine(line="2", units=(0,), percent=10),
        ),
        counts=(
            Count(at=50.0, line="1", accepted=1, restocked=1),
            Count(at=60.0, line="1", rejected=1),
            Count(at=60.0, line="2", accepted=1),
        ),
        yeses=(Yes(tranche=1, at=50.5, by="ann"),),
        refunds=(
            Refund(refund_id="rfd_first", tranche=1, attempt=1, status="succeeded", amount=675, memo="posted"),
            Refund(refund_id="rfd_second", tranche=2, attempt=1, status="failed", amount=630, memo="posted"),
            Refund(refund_id="rfd_anew", tranche=2, attempt=2, status="succeeded", amount=630),
        ),
    ),
    Return(
        return_id="ret_split",
        order_id=SPLIT,
        status="closed",
        asked_by="operator:bea",
        limit=LIMIT,
        returned=(ReturnedLine(line="1", units=(0, 1)),),
        counts=(Count(at=55.0, line="1", accepted=2),),
        yeses=(Yes(tranche=1, at=55.5, by="ann"),),
        refunds=(
            Refund(refund_id="rfd_south", tranche=1, attempt=1, status="succeeded", amount=750, memo="posted"),
            Refund(refund_id="rfd_north", tranche=1, attempt=1, status="succeeded", amount=750, memo="posted"),
        ),
    ),
)


def with_goods_back() -> Evidence:
    evidence = honest()
    made = [effect for paid in (FIRST, SOUTH, NORTH, SECOND) for effect in (_money(paid), _memo(paid))]
    failed = replace(_money(SECOND), kind="refund_failed", key=None, reference=DONE, at=62.0, data={"code": "closed"})
    made += [failed, _money(ANEW)]
    beyond = max(effect.sequence for effect in evidence.effects)
    effects = tuple(replace(effect, sequence=beyond + at) for at, effect in enumerate(made, 1))
    told = {DONE: "partially_refunded", SPLIT: "partially_refunded"}
    return replace(
        evidence,
        effects=(*evidence.effects, *effects),
        attempts=(*evidence.attempts, *(attempt_at(each) for each in effects if each.kind != "refund_failed")),
        shelves=(replace(evidence.shelves[0], available=7), *evidence.shelves[1:]),
        orders=tuple(replace(each, payment=told.get(each.order_id, each.payment)) for each in evidence.orders),
        returns=RETURNS,
    )


def _money(paid: Paid) -> Effect:
    named: dict[str, Any] = {"key": f"{paid.refund_id}:refund", "reference": paid.order_id}
    about = {"data": {"capture": f"capture of {paid.out_of}"}, "lines": None}
    return _effect(paid, "psp", "refund", named | about)


def _memo(paid: Paid) -> Effect:
    refund, booked = _money(paid).id, f"{{}} of {paid.out_of}".format
    named: dict[str, Any] = {"key": None, "reference": f"{paid.refund_id}:credit"}
    data = {"refund": refund, "invoice": booked("invoice"), "sales_order": booked("sales_order")}
    lines = tuple((line, SKUS[line], pieces) for line, pieces in (paid.pieces or {}).items())
    return _effect(paid, "erp", "credit_memo", named | {"data": data, "lines": lines})


def _effect(paid: Paid, system: str, kind: str, more: dict[str, Any]) -> Effect:
    plain = {"order_id": paid.order_id, "amount": paid.amount, "currency": "GBP", "at": paid.at}
    return Effect(system=system, kind=kind, sequence=0, id=f"{kind} {paid.name}", **plain, **more)  # type: ignore[arg-type]
