"""Sourcing against an exhaustive search, its arithmetic, and the reasons that it gives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.sourcing import decide
from gateway.domain.sourcing_terms import Lane, Odds, Plan, Shelf, Site, Take, Task, Want, Weights, priced

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
NODES, SKUS = ("dc", "leeds", "york"), ("LAMP", "VASE")


def site(name: str = "dc", **changed: object) -> Site:
    usual = Site(name, "dc", NOW, {"LAMP": Shelf(10)}, Lane(400))
    return replace(usual, **changed)  # type: ignore[arg-type]


def task(*wants: Want, **changed: object) -> Task:
    usual = Task(wants or (Want("1", "LAMP", 1, 2_000),), NOW + timedelta(days=3))
    return replace(usual, **changed)  # type: ignore[arg-type]


shelves = st.builds(
    Shelf, st.integers(-1, 4), cost=st.integers(0, 900), age_days=st.integers(0, 900), kept=st.integers(0, 2)
)
lanes = st.builds(
    Lane,
    st.integers(100, 900),
    piece=st.integers(0, 90),
    days=st.integers(1, 5),
    late=st.builds(Odds, st.just(1), st.just(9)),
)
weights = st.builds(
    Weights,
    split=st.integers(0, 900),
    depletion=st.integers(0, 300),
    unfilled=st.integers(0, 3_000),
    late=st.integers(0, 2_000),
)


@st.composite
def sites(draw: st.DrawFn) -> list[Site]:
    return [
        Site(
            *(name, "dc", NOW),
            shelves=draw(st.dictionaries(st.sampled_from(SKUS), shelves)),
            lane=draw(st.one_of(st.none(), lanes)),
            handling=(draw(st.integers(0, 300)), draw(st.integers(0, 50))),
            capacity=draw(st.one_of(st.none(), st.integers(1, 10))),
            taken=draw(st.integers(0, 10)),
        )
        for name in NODES
    ]


tasks = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 3), st.integers(0, 3_000)), min_size=1, max_size=2
).map(lambda lines: task(*(Want(str(n), sku, quantity, value) for n, (sku, quantity, value) in enumerate(lines))))


@given(tasks, sites(), weights)
@settings(max_examples=150, deadline=None)
def test_no_other_plan_is_worth_more(asked: Task, there: list[Site], worth: Weights) -> None:
    decision = decide(asked, there, worth)

    fit = [each for each in there if each.node_id not in decision.left_out]
    assert decision.plan.score == max(plan.score for plan in _every_plan(asked, fit, worth))


def _every_plan(asked: Task, fit: Sequence[Site], worth: Weights) -> Iterator[Plan]:
    """Each piece from each node, or from none."""
    pieces = [want for want in asked.wants for _ in range(want.quantity)]
    for places in product([None, *fit], repeat=len(pieces)):
        counted: dict[tuple[str, str, str], int] = {}
        for want, place in zip(pieces, places, strict=True):
            if place is not None:
                key = (place.node_id, want.line_id, want.sku)
                counted[key] = counted.get(key, 0) + 1
        if _is_there(counted, {each.node_id: each for each in fit}):
            used = [each for each in fit if each in places]
            if len(used) <= worth.most_shipments:
                yield priced(asked, used, tuple(Take(*key, count) for key, count in counted.items()), worth)


def _is_there(counted: Mapping[tuple[str, str, str], int], fit: Mapping[str, Site]) -> bool:
    asked: dict[tuple[str, str], int] = {}
    for (node, _, sku), count in counted.items():
        asked[node, sku] = asked.get((node, sku), 0) + count
    return all(
        sku in fit[node].shelves and count <= fit[node].shelves[sku].available for (node, sku), count in asked.items()
    )


@given(tasks, sites(), weights)
@settings(max_examples=150, deadline=None)
def test_the_change_that_is_named_turns_it_and_less_does_not(asked: Task, there: list[Site], worth: Weights) -> None:
    decision = decide(asked, there, worth)
    second, flip = decision.runner_up, decision.flip
    if second is None or flip is None:
        return

    change = flip.becomes - flip.term.amount
    margin = decision.plan.score - second.score
    turned = (margin + change, margin + change + 1) if flip.of == "plan" else (margin - change, margin - change + 1)

    assert flip.term in (decision.plan if flip.of == "plan" else second).terms
    assert turned == (-1, 0)


def test_the_same_question_has_the_same_answer_in_any_order() -> None:
    there = [site(name) for name in ("york", "dc", "leeds")]

    answers = {decide(task(), order, Weights()).plan.nodes for order in (there, there[::-1])}

    assert answers == {("dc",)}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"shelves": {}}, "not_stocked"),
        ({"shelves": {"LAMP": Shelf(9, confident=False)}}, "stock_not_trusted"),
        ({"lane": None}, "does_not_ship_there"),
        ({"capacity": 3, "taken": 3}, "full"),
        ({"type": "supplier"}, "type_not_allowed"),
        ({"capabilities": frozenset[str]()}, "lacks_capability"),
        ({"node_id": "leeds"}, "has_said_no"),
    ],
)
def test_who_cannot_is_left_out_with_the_reason(changed: dict[str, object], reason: str) -> None:
    asked = task(types=frozenset({"dc"}), needs=frozenset({"ship"}), without=frozenset({"leeds"}))
    fit = site(capabilities=frozenset({"ship"}))

    decision = decide(asked, [fit, replace(fit, **{"node_id": "york", **changed})], Weights())  # type: ignore[arg-type]

    assert decision.plan.nodes == ("dc",)
    assert list(decision.left_out.values()) == [reason]


def test_a_plan_says_what_each_reason_is_worth() -> None:
    here = site(
        "leeds",
        shelves={"LAMP": Shelf(2, cost=900, age_days=365, kept=1)},
        lane=Lane(400, piece=50, late=Odds(0, 0, before=(1, 9))),
        handling=(80, 20),
        capacity=10,
        taken=5,
        declines=Odds(1, 4, before=(0, 0)),
    )

    plan = decide(task(Want("1", "LAMP", 2, 2_000)), [here], Weights()).plan

    assert {term.name: term.amount for term in plan.terms} == {
        "goods": 4_000,
        "cost_of_goods": -1_800,
        "carrier": -500,
        "handling": -120,
        "late": -100,  # a tenth of 1,000
        "declined": -200,  # a quarter of 800
        "congestion": -100,  # half full: a quarter of 400
        "ageing": 360,  # a fifth of the cost of each
        "depletion": -150,  # one of the two is kept for who comes by
    }
    assert plan.score == 1_390


def test_what_is_worth_little_is_not_divided() -> None:
    there = [site("dc", shelves={"LAMP": Shelf(1)}), site("leeds", shelves={"LAMP": Shelf(1)})]
    asked = task(Want("1", "LAMP", 2, 2_000))

    divided, whole = (decide(asked, there, Weights(split_value=least)).plan for least in (0, 5_000))

    assert (divided.nodes, divided.unfilled) == (("dc", "leeds"), 0)
    assert (whole.nodes, whole.unfilled) == ((), 2)


def test_what_would_be_late_loses_to_what_costs_more() -> None:
    slow, fast = site("dc", lane=Lane(300, days=5)), site("york", lane=Lane(900, days=1))

    assert decide(task(), [slow, fast], Weights(late=1_000)).plan.nodes == ("york",)
    assert decide(task(), [slow, fast], Weights(late=300)).plan.nodes == ("dc",)
