"""`policies/returns.yaml`: what it says, where it is wrong, and what is usual without it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.returns_policy import ReturnsPolicy
from gateway.errors import Misconfigured
from gateway.governance.returns import load_returns
from gateway.settings import ROOT

REST = "{name: rest, days: 30}"


def written(folder: Path, rules: str, expires: str = "30") -> Path:
    file = folder / "returns.yaml"
    file.write_text(f"expires_days: {expires}\nrules: {rules}\n")
    return file


def test_the_house_s_file_says_what_is_usual_without_one(tmp_path: Path) -> None:
    policy, usual = load_returns(ROOT / "policies" / "returns.yaml"), load_returns(tmp_path / "none.yaml")

    assert replace(policy, rules=tuple(replace(rule, place="") for rule in policy.rules)) == usual == ReturnsPolicy()


def test_the_first_rule_that_fits_counts(tmp_path: Path) -> None:
    final, market = '{name: final, skus: ["gift-*"], days: 0}', '{name: market, channels: ["market-*"], days: 60}'
    policy = load_returns(written(tmp_path, f"[{final}, {market}, {REST}]"))

    told = [
        policy.rule_for(channel, sku).name
        for channel, sku in (("web-uk", "Gift-9"), ("market-de", "GIFT-1"), ("market-de", "LAMP-7"), ("web", "LAMP-7"))
    ]

    assert told == ["final", "final", "market", "rest"]
    assert policy.rules[1].place.endswith("returns.yaml:2")


@pytest.mark.parametrize(
    ("rules", "expires", "fault"),
    [
        ("[]", "30", "returns.yaml:2: 'rules' must be a list of 1 to 1000 rules"),
        (f"[{REST}]", "0", "returns.yaml:1: 'expires_days' must be a whole number of 1 to 365"),
        ("[{name: rest}]", "30", "rule 1: 'days' is missing; write 'days: 30'"),
        ("[{name: rest, days: 30, method: post}]", "30", "'method' must be one of"),
        ("[{name: rest, days: 30, waived_for: [defect]}]", "30", "not 'defect'; did you mean 'defective'?"),
        ("[{name: rest, days: 30, fee: flat}]", "30", "rule 1: a 'flat' or 'percent' fee needs a 'fee_value'"),
        ("[{name: rest, days: 30, fee: percent, fee_value: 101}]", "30", "more than 100 per cent is no fee"),
        ('[{name: rest, days: 30, skus: ["A-*"]}]', "30", "the last rule must fit everything; leave out"),
        (f"[{REST}, {REST}]", "30", "there is a rule 'rest' already"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_mend(tmp_path: Path, rules: str, expires: str, fault: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_returns(written(tmp_path, rules, expires))

    assert fault in refused.value.detail
    assert "returns.yaml:" in refused.value.detail
