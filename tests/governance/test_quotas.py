"""How much is allowed: the plans as they stand, what a call draws from, and the words for a broken file."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import Misconfigured
from gateway.governance.bundle import load_bundle
from gateway.governance.quotas import load_quotas
from gateway.ports import Bucket
from gateway.settings import ROOT

QUOTAS = load_quotas(ROOT / "policies" / "quotas.yaml")
PLACE = Operation("place_order", "orders.v1", "POST", "/v1/orders", "orders:write", "bearer", True, "json", 1 << 20)
WEB = Principal("partner", "web", partner="web", plan="trial")

SOUND = """default_plan: small
plans:
  small:
    burst: {quota: 5, window: 1}
    operations:
      place_order: {quota: 2, window: 1}
    on_outage: closed
addresses: {quota: 200, window: 60}
token_route: {quota: 60, window: 60}
"""


def test_a_partner_draws_from_every_budget_of_its_plan() -> None:
    assert QUOTAS.buckets(WEB, PLACE) == (
        Bucket("burst", "{partner:web}:burst", 5, 1),
        Bucket("daily", "{partner:web}:daily", 1000, 86400),
    )


@pytest.mark.parametrize("plan", [None, "withdrawn"])
def test_a_partner_without_a_known_plan_has_the_default(plan: str | None) -> None:
    assert QUOTAS.buckets(replace(WEB, plan=plan), PLACE) == QUOTAS.buckets(replace(WEB, plan="standard"), PLACE)


def test_a_call_draws_from_the_budget_of_its_operation_too() -> None:
    listing = replace(PLACE, id="list_orders")

    assert QUOTAS.buckets(WEB, listing)[2:] == (Bucket("list_orders", "{partner:web}:list_orders", 60, 60),)


def test_every_budget_says_where_it_is_written() -> None:
    plan = QUOTAS.plans["trial"]
    lines = (ROOT / "policies" / "quotas.yaml").read_text(encoding="utf-8").splitlines()

    for budget in (*plan.budgets, *plan.operations.values(), QUOTAS.addresses):
        file, _, line = budget.place.rpartition(":")
        assert file == "policies/quotas.yaml"
        assert lines[int(line) - 1].strip().startswith(f"{budget.name}:")


def test_an_outage_is_met_with_the_own_share_unless_the_plan_says_otherwise() -> None:
    assert {name: plan.on_outage for name, plan in QUOTAS.plans.items()} == {
        "trial": "local_share",
        "standard": "local_share",
        "internal": "open",
        "operators": "open",
    }


def test_back_ends_and_open_operations_draw_from_nothing() -> None:
    assert QUOTAS.buckets(Principal("system", "wms"), PLACE) == ()
    assert QUOTAS.buckets(WEB, replace(PLACE, authentication="none")) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("default_plan: small", "default_plan: smal", ":1: there is no plan 'smal'; did you mean 'small'?"),
        ("quota: 5", "quota: 0", ":4: budget 'burst': 'quota' must be a whole number of at least 1, like 100"),
        ("quota: 5", "quota: true", ":4: budget 'burst': 'quota' must be a whole number of at least 1, like 100"),
        ("window: 1}", "window: 0.5}", ":4: budget 'burst': 'window' must be a whole number of at least 1, like 60"),
        ("window: 1}", "windw: 1}", ":4: budget 'burst': unknown key 'windw'; did you mean 'window'?"),
        (", window: 1}", "}", ":4: budget 'burst': 'window' is missing; write 'window: 60'"),
        ("token_route:", "token_rout:", ":9: unknown key 'token_rout'; did you mean 'token_route'?"),
        ("token_route: {quota: 60, window: 60}", "", ":1: 'token_route:' is missing at the top level"),
        ("    burst: {quota: 5, window: 1}\n", "", ":3: plan 'small' has no budget; write 'burst: {…}'"),
        ("quota: 200", "quota: 012", ":8: '012' is no number as JSON writes it; put it in quotes"),
        ("quota: 2", "quota: 0", ":6: budget 'place_order': 'quota' must be a whole number of at least 1, like 100"),
        ("place_order:", "burst:", ":6: plan 'small' has a budget 'burst', too; rename that"),
        (
            "operations:\n      place_order: {quota: 2, window: 1}",
            "operations: 5",
            ":5: 'operations' of plan 'small' must be a mapping of keys to values",
        ),
        (
            "on_outage: closed",
            "on_outage: clsed",
            ":7: plan 'small': 'on_outage' must be one of 'local_share', 'open', 'closed', not 'clsed'"
            "; did you mean 'closed'?",
        ),
        ("plans:", "plans: [", ":4: is not YAML: did not find expected ',' or ']'"),
    ],
)
def test_a_broken_plan_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "quotas.yaml"
    path.write_text(SOUND.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(Misconfigured) as wrong:
        load_quotas(path)

    assert wrong.value.detail == f"{tmp_path.name}/quotas.yaml{message}"


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("plce_order", ":6: plan 'small': there is no operation 'plce_order'; did you mean 'place_order'?"),
        ("issue_token", ":6: plan 'small': 'issue_token' takes no partner's token; remove it"),
    ],
)
def test_a_budget_of_no_operation_is_named_with_its_line(tmp_path: Path, operation: str, message: str) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    (policies / "quotas.yaml").write_text(SOUND.replace("place_order", operation), encoding="utf-8")

    with pytest.raises(Misconfigured) as wrong:
        load_bundle(ROOT / "contracts" / "openapi", policies)

    assert wrong.value.detail == f"policies/quotas.yaml{message}"
