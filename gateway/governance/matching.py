"""The section `matching` of `policies/suppliers.yaml`: how far an invoice may be from its order."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.matching_terms import POINTS, MatchingRules
from gateway.governance.sections import Count, Shape, only_keys, read_section
from gateway.governance.suppliers import SECTIONS
from gateway.governance.yaml import Document, read_yaml

_AMOUNT = 10**12
_KEYS: dict[str, Shape] = {
    "price_points": Count(200, least=0, most=POINTS),
    "price_cap": Count(5_000, least=0, most=_AMOUNT),
    "small_difference": Count(100, least=0, most=_AMOUNT),
    "quantity_points": Count(0, least=0, most=POINTS),
    "quantity_cap": Count(0, least=0, most=10**9),
    "charge_tolerance": Count(500, least=0, most=_AMOUNT),
    "order_cap": Count(5_000, least=0, most=_AMOUNT),
    "grace_days": Count(5, least=0, most=365),
}


def load_matching(path: Path) -> MatchingRules:
    """The usual rules where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return MatchingRules()
    document = read_yaml(path)
    only_keys(document, SECTIONS)
    return matching_rules(document)


def matching_rules(document: Document) -> MatchingRules:
    return MatchingRules(**read_section(document, ("matching",), called="matching", keys=_KEYS, optional={}))
