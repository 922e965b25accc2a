"""The section `confirmations` of `policies/suppliers.yaml`: what is taken of a supplier's word."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.confirmations import Tolerances
from gateway.governance.sections import Count, Shape, only_keys, read_section
from gateway.governance.yaml import read_yaml

SECTIONS = ("confirmations", "receipts", "matching")
_CONFIRMATIONS: dict[str, Shape] = {
    "price_percent": Count(2, least=0, most=100),
    "fewer_percent": Count(2, least=0, most=100),
    "days_late": Count(2, least=0, most=365),
}


def load_suppliers(path: Path) -> Tolerances:
    """The usual tolerances where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return Tolerances()
    document = read_yaml(path)
    only_keys(document, SECTIONS)
    told = read_section(document, ("confirmations",), called="confirmations", keys=_CONFIRMATIONS, optional={})
    return Tolerances(**told)
