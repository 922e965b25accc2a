"""Of `policies/suppliers.yaml`: what is taken of a supplier's word, and how long it may take to say it."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.confirmations import Tolerances
from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.errors import Misconfigured
from gateway.governance.sections import Count, Shape, only_keys, read_section
from gateway.governance.yaml import read_yaml

SECTIONS = ("confirmations", "clocks", "receipts", "matching")
_CONFIRMATIONS: dict[str, Shape] = {
    "price_percent": Count(2, least=0, most=100),
    "fewer_percent": Count(2, least=0, most=100),
    "days_late": Count(2, least=0, most=365),
}


_CLOCKS: dict[str, Shape] = {
    "remind_hours": Count(24, least=1, most=8_760),
    "escalate_hours": Count(36, least=1, most=8_760),
    "notice_days": Count(3, least=0, most=365),
    "missing_days": Count(1, least=0, most=365),
}
_USUAL = {"notice_days": PurchaseClocks().notice_days, "missing_days": PurchaseClocks().missing_days}


def load_suppliers(path: Path) -> Tolerances:
    """The usual tolerances where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return Tolerances()
    document = read_yaml(path)
    only_keys(document, SECTIONS)
    told = read_section(document, ("confirmations",), called="confirmations", keys=_CONFIRMATIONS, optional={})
    return Tolerances(**told)


def load_clocks(path: Path) -> PurchaseClocks:
    """The usual hours where there is no file. Raises `Misconfigured` as `load_suppliers` does."""
    if not path.exists():
        return PurchaseClocks()
    document = read_yaml(path)
    only_keys(document, SECTIONS)
    clocks = PurchaseClocks(**read_section(document, ("clocks",), called="clocks", keys=_CLOCKS, optional=_USUAL))
    if clocks.escalate_hours < clocks.remind_hours:
        where = document.at("clocks", "escalate_hours")
        raise Misconfigured(f"{where}: a buyer is told after the supplier was reminded: at least {clocks.remind_hours}")
    if clocks.missing_days > clocks.notice_days:
        where = document.at("clocks", "missing_days")
        raise Misconfigured(f"{where}: a buyer is told after the supplier was reminded: at most {clocks.notice_days}")
    return clocks
