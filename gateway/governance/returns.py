"""The rules of `policies/returns.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from gateway.domain.returns_policy import (
    NOT_THEIR_FAULT,
    FeeKind,
    Method,
    Reason,
    ReturnRule,
    ReturnsPolicy,
    Trigger,
)
from gateway.errors import Misconfigured
from gateway.governance.sections import Count, Shape, Text, Texts, only_keys, read_section
from gateway.governance.yaml import Document, read_yaml

_MOST_RULES = 1_000
_RULE: dict[str, Shape] = {
    "name": Text("usual"),
    "channels": Texts(Text('"web-*"')),
    "skus": Texts(Text('"GIFT-*"')),
    "days": Count(30, least=0, most=3_650),
    "fee": Text("percent", choices=get_args(FeeKind)),
    "fee_value": Count(10, most=10**12),
    "fee_cap": Count(2_000, most=10**12),
    "waived_for": Texts(Text("defective", choices=get_args(Reason)), least=0),
    "method": Text("mail", choices=get_args(Method)),
    "refund_on": Text("inspection", choices=get_args(Trigger)),
}
_OPTIONAL = {
    **{"channels": ["*"], "skus": ["*"], "fee": "none", "fee_value": 0, "fee_cap": None},
    **{"waived_for": list(NOT_THEIR_FAULT), "method": "mail", "refund_on": "inspection"},
}


def load_returns(path: Path) -> ReturnsPolicy:
    """The usual policy where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return ReturnsPolicy()
    document = read_yaml(path)
    only_keys(document, ("expires_days", "rules"))
    if fault := (days := Count(30, most=365)).fault(document.value["expires_days"]):
        raise Misconfigured(f"{document.at('expires_days')}: 'expires_days' {fault}, at most {days.most}")
    rules = document.value["rules"]
    if not isinstance(rules, list) or not 0 < len(rules) <= _MOST_RULES:
        raise Misconfigured(f"{document.at('rules')}: 'rules' must be a list of 1 to {_MOST_RULES} rules")
    told = tuple(_rule(document, index) for index in range(len(rules)))
    _refuse_repeated(document, [rule.name for rule in told])
    if told[-1].channels != ("*",) or told[-1].skus != ("*",):
        mend = "leave out its 'channels' and 'skus', or add a rule without them behind it"
        raise Misconfigured(f"{document.at('rules', len(told) - 1)}: the last rule must fit everything; {mend}")
    return ReturnsPolicy(told, document.value["expires_days"])


def _rule(document: Document, index: int) -> ReturnRule:
    place, called = ("rules", index), f"rule {index + 1}"
    rule = read_section(document, place, called=called, keys=_RULE, optional=_OPTIONAL)
    rule["skus"] = [sku.upper() for sku in rule["skus"]]
    lists = {name: tuple(rule.pop(name)) for name in ("channels", "skus", "waived_for")}
    if (rule["fee"] == "none") != (rule["fee_value"] == 0):
        mend = "a 'flat' or 'percent' fee needs a 'fee_value', and no other has one"
        raise Misconfigured(f"{document.at(*place)}: {called}: {mend}")
    if rule["fee"] == "percent" and rule["fee_value"] > 100:
        raise Misconfigured(f"{document.at(*place, 'fee_value')}: {called}: more than 100 per cent is no fee")
    return ReturnRule(place=document.at(*place), **rule | lists)


def _refuse_repeated(document: Document, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Misconfigured(f"{document.at('rules', index, 'name')}: there is a rule '{name}' already; rename it")
