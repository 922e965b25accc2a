"""The weights and lanes of `policies/sourcing.yaml`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from gateway.domain.sourcing_policy import LaneRule, PickupTerms, SourcingPolicy
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
_OPTIONAL = {"piece": 0, "days": 2, "late_percent": 5}
_MOST_LANES = 1_000


def load_sourcing(path: Path) -> SourcingPolicy:
    """The usual policy where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return SourcingPolicy()
    document = read_yaml(path)
    fetched = isinstance(document.value, dict) and "pickup" in document.value
    only_keys(document, ("weights", "lanes", *(("pickup",) if fetched else ())))
    usual = {each.name: getattr(_USUAL, each.name) for each in fields(Weights)}
    weights = read_section(document, ("weights",), called="weights", keys=_WEIGHTS, optional=usual)
    lanes = document.value["lanes"]
    if not isinstance(lanes, list) or not 0 < len(lanes) <= _MOST_LANES:
        raise Misconfigured(f"{document.at('lanes')}: 'lanes' must be a list of 1 to {_MOST_LANES} lanes")
    terms = PickupTerms()
    if fetched:
        usual_terms = {each.name: getattr(terms, each.name) for each in fields(PickupTerms)}
        section = read_section(document, ("pickup",), called="pickup", keys=_PICKUP, optional=usual_terms)
        terms = PickupTerms(**section)
    told = tuple(_lane(document, index) for index in range(len(lanes)))
    return SourcingPolicy(Weights(**weights), told, terms)


def _lane(document: Document, index: int) -> LaneRule:
    called = f"lane {index + 1}"
    lane = read_section(document, ("lanes", index), called=called, keys=_LANE, optional=_OPTIONAL)
    start, end = lane.pop("from"), lane.pop("to")
    return LaneRule(start, end, **lane)
