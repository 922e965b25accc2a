"""`policies/approvals.yaml`: what it says, where it is wrong, and what is so without it."""

from pathlib import Path

import pytest

from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.money import Money
from gateway.errors import Misconfigured
from gateway.governance.approvals import load_approvals, roles_named
from gateway.governance.yaml import read_yaml
from gateway.partners import ROLES
from gateway.settings import ROOT

HOUSE = ROOT / "policies" / "approvals.yaml"
YES = "{role: approver, minutes: 240}"


def written(folder: Path, limits: str, *, escalate_to: str = "admin", otherwise: str = f"[{YES}]") -> Path:
    file = folder / "approvals.yaml"
    file.write_text(f"refund:\n  escalate_to: {escalate_to}\n  otherwise: {otherwise}\n  limits: {limits}\n")
    return file


def chain(policy: ApprovalPolicy, kind: str, amount: int, currency: str) -> list[str]:
    return [step.role for step in policy.rule(kind).chain(Money(amount, currency))]


@pytest.mark.parametrize(
    ("amount", "currency", "roles"),
    [
        (0, "GBP", []),
        (10_000, "GBP", []),
        (10_001, "GBP", ["approver"]),
        (50_000, "EUR", ["approver"]),
        (50_001, "USD", ["approver", "finance"]),
        (1, "JPY", ["approver", "finance"]),
    ],
)
def test_the_house_lets_amounts_and_currencies_decide(amount: int, currency: str, roles: list[str]) -> None:
    assert chain(load_approvals(HOUSE), "refund", amount, currency) == roles


def test_what_is_not_named_needs_two_people(tmp_path: Path) -> None:
    for policy in (load_approvals(HOUSE), load_approvals(tmp_path / "none.yaml")):
        assert chain(policy, "unheard_of", 1, "GBP") == ["approver", "finance"]


def test_every_role_of_the_house_can_be_given() -> None:
    named = list(roles_named(read_yaml(HOUSE)))

    assert {role for _, role in named} == {"admin", "approver", "finance"}
    assert {role for _, role in named} <= ROLES
    assert named[0][0].startswith("policies/approvals.yaml:")


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (f"{{GBP: [{{steps: [{YES}]}}], GPB: [{{steps: [{YES}]}}]}}", "is not a currency of ISO 4217, like GBP"),
        ("{GBP: []}", "approvals.yaml:4: refund: GBP: must be a list of 1 to 20"),
        ("{GBP: [{up_to: 5, steps: []}]}", "every band but the last has an 'up_to', and the last has none"),
        (f"{{GBP: [{{steps: []}}, {{steps: [{YES}]}}]}}", "every band but the last has an 'up_to'"),
        ("{GBP: [{steps: []}]}", "what has no upper limit needs a step"),
        (f"{{GBP: [{{up_to: 5, steps: [{YES}]}}, {{steps: []}}]}}", "only the first band may have no steps"),
        (
            f"{{GBP: [{{up_to: 5, steps: []}}, {{up_to: 5, steps: [{YES}]}}, {{steps: [{YES}]}}]}}",
            "'up_to' must be more than 5, that of the band before",
        ),
        ("{GBP: [{steps: [{role: approver}]}]}", "'minutes' is missing; write 'minutes: 240'"),
        ("{GBP: [{steps: [{role: approver, minutes: 0}]}]}", "must be a whole number of 1 to 43200, like 240"),
        ("{GBP: [{steps: [{role: approver, minuts: 5}]}]}", "unknown key 'minuts'; did you mean 'minutes'?"),
        ("{GBP: [{steps: [{role: admin, minutes: 5}]}]}", "'escalate_to' must be another role"),
        ("[]", "'limits' must be a mapping, like {GBP:"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_mend(tmp_path: Path, limits: str, fault: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_approvals(written(tmp_path, limits))

    assert fault in refused.value.detail


def test_other_currencies_need_somebody(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="'otherwise' must be a list of 1 to 8"):
        load_approvals(written(tmp_path, "{}", otherwise="[]"))
