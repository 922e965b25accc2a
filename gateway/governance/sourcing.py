"""The weights and lanes of `policies/sourcing.yaml`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from gateway.domain.sourcing_policy import LaneRule, MoneyTerms, PickupTerms, SourcingPolicy
from gateway.domain.sourcing_terms import Weights
from gateway.errors import Misconfigured
from gateway.governance.sections import Count, Region, Shape, only_keys, read_section
from gateway.governance.yaml import Document, read_yaml

_USUAL = Weights()
_WEIGHTS: dict[str, Shape] = {each.name: Count(getattr(_USUAL, each.name), least=0) for each in fields(Weights)}
_LANE: dict[str, Shape] = {
    "from": Region("GB"),
    "to": Region("GB-SCT"),
    "shipment": Count(450, least=0),
    "piece": Count(30, least=0),
    "days": Count(2, least=0),
    "late_percent": Count(5, least=0, most=100),
}
_PICKUP: dict[str, Shape] = {
    "accept_minutes": Count(60),
    "ready_minutes": Count(240),
    "keep_days": Count(7),
    "remind_days": Count(2, least=0),
    "remind_again_days": Count(5, least=0),
    "consent_minutes": Count(240),
}
_MONEY: dict[str, Shape] = {
    "renew_before_minutes": Count(1440),
    "renew_again_minutes": Count(240),
    "renew_tries": Count(3, most=20),
}
_OPTIONAL = {"piece": 0, "days": 2, "late_percent": 5}
_MOST_LANES = 1_000


def load_sourcing(path: Path) -> SourcingPolicy:
    """The usual policy where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return SourcingPolicy()
    document = read_yaml(path)
    top = document.value if isinstance(document.value, dict) else {}
    only_keys(document, ("weights", "lanes", *(name for name in ("pickup", "money") if name in top)))
    usual = {each.name: getattr(_USUAL, each.name) for each in fields(Weights)}
    weights = read_section(document, ("weights",), called="weights", keys=_WEIGHTS, optional=usual)
    lanes = document.value["lanes"]
    if not isinstance(lanes, list) or not 0 < len(lanes) <= _MOST_LANES:
        raise Misconfigured(f"{document.at('lanes')}: 'lanes' must be a list of 1 to {_MOST_LANES} lanes")
    told = tuple(_lane(document, index) for index in range(len(lanes)))
    pickup = PickupTerms(**_terms(document, "pickup", PickupTerms(), _PICKUP))
    money = MoneyTerms(**_terms(document, "money", MoneyTerms(), _MONEY))
    return SourcingPolicy(Weights(**weights), told, pickup, money)


def _terms(document: Document, name: str, usual: PickupTerms | MoneyTerms, keys: dict[str, Shape]) -> dict[str, Any]:
    """Of a section that may be left out, as may each of its keys."""
    if name not in document.value:
        return {}
    optional = {each.name: getattr(usual, each.name) for each in fields(usual)}
    return read_section(document, (name,), called=name, keys=keys, optional=optional)


def _lane(document: Document, index: int) -> LaneRule:
    called = f"lane {index + 1}"
    lane = read_section(document, ("lanes", index), called=called, keys=_LANE, optional=_OPTIONAL)
    start, end = lane.pop("from"), lane.pop("to")
    return LaneRule(start, end, **lane)
