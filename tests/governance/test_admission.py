"""How much at once and who comes first: the classes as they stand, and the words for a broken file."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.access import Allow, Deny
from gateway.errors import Misconfigured
from gateway.governance.admission import load_admission
from tests.house import house

BUNDLE = house()
ADMISSION = BUNDLE.admission

SOUND = """places: 10
classes:
  orders:
    share: 100
    operations: [place_order]
  lists:
    share: 20
    operations: [list_orders]
default_class: orders
operations:
  list_orders: 1
partners: {trial: 2}
default_partner: 4
resting: {partner: 3, all: 5}
"""


def small(folder: Path, text: str = SOUND) -> Path:
    path = folder / "admission.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("report_liveness", "place_order"),
        ("place_order", "get_order"),
        ("receive_callback", "list_order_events"),
        ("cancel_order", "list_orders"),
        ("issue_token", "get_order"),
        ("get_order", "list_orders"),
        ("get_order", None),
    ],
)
def test_what_matters_more_is_admitted_where_what_matters_less_is_not(first: str, then: str | None) -> None:
    taken = ADMISSION.of_class(then).most

    assert isinstance(ADMISSION.request(first, taken=taken, alike=0), Allow)
    assert isinstance(ADMISSION.request(then, taken=taken, alike=0), Deny)


def test_no_partner_may_take_all_places() -> None:
    plans = [*BUNDLE.quotas.plans, None]

    assert max(ADMISSION.of_partner(plan).most for plan in plans) < ADMISSION.places


def test_a_decision_names_its_rule_and_where_it_stands(tmp_path: Path) -> None:
    admission = load_admission(small(tmp_path), operations={"place_order", "list_orders"}, plans={"trial"})
    name = f"{tmp_path.name}/admission.yaml"

    decisions = [
        admission.request("place_order", taken=9, alike=9),
        admission.request("list_orders", taken=2, alike=0),
        admission.request("list_orders", taken=1, alike=1),
        admission.request(None, taken=2, alike=0),
        admission.of_partner("trial").admits(2),
        admission.of_partner("gold").admits(3),
    ]

    assert [replace(decision, about="admission") for decision in decisions] == decisions
    assert [replace(decision, about="access") for decision in decisions] == [
        Allow("class orders", f"{name}:3"),
        Deny("class lists", f"{name}:6", "lists are begun while fewer than 2 are under way"),
        Deny("operation list_orders", f"{name}:11", "at most 1 may be under way at once"),
        Deny("class lists", f"{name}:6", "lists are begun while fewer than 2 are under way"),
        Deny("plan trial", f"{name}:12", "at most 2 may be under way at once"),
        Allow("any other plan", f"{name}:13"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("places: 10", "places: 0", ":1: 'places' must be a whole number of at least 1, like 32"),
        ("places: 10", "place: 10", ":1: unknown key 'place'; did you mean 'places'?"),
        ("places: 10", "", ":2: 'places:' is missing at the top level"),
        ("share: 20", "share: 300", ":7: class 'lists': 'share' is a percentage of at most 200, like 75"),
        ("share: 20", "shar: 20", ":7: class 'lists': unknown key 'shar'; did you mean 'share'?"),
        ("[list_orders]", "[list_order]", ":8: there is no operation 'list_order'; did you mean 'list_orders'?"),
        ("[list_orders]", "[place_order]", ":8: 'place_order' is in another class already; keep one"),
        ("default_class: orders", "default_class: x", ":9: there is no class 'x'; there are 'orders', 'lists'"),
        ("list_orders: 1", "list_ordrs: 1", ":11: there is no operation 'list_ordrs'; did you mean 'list_orders'?"),
        ("list_orders: 1", "list_orders: many", ":11: 'list_orders' must be a whole number of at least 1, like 8"),
        ("{trial: 2}", "{tral: 2}", ":12: there is no plan 'tral'; did you mean 'trial'?"),
        (", all: 5", "", ":14: resting: 'all' is missing; write 'all: 512'"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = small(tmp_path, SOUND.replace(old, new, 1))

    with pytest.raises(Misconfigured) as wrong:
        load_admission(path, operations=("place_order", "list_orders"), plans=("trial",))

    assert wrong.value.detail == f"{tmp_path.name}/admission.yaml{message}"
