"""The section `receipts` of `policies/suppliers.yaml`: what is taken beyond what was ordered."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.receiving import ReceivingTerms
from gateway.governance.sections import Count, Shape, only_keys, read_section
from gateway.governance.suppliers import SECTIONS
from gateway.governance.yaml import read_yaml

_KEYS: dict[str, Shape] = {"over_percent": Count(5, least=0, most=100)}


def load_receiving(path: Path) -> ReceivingTerms:
    """The usual terms where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return ReceivingTerms()
    document = read_yaml(path)
    only_keys(document, SECTIONS)
    return ReceivingTerms(**read_section(document, ("receipts",), called="receipts", keys=_KEYS, optional={}))
