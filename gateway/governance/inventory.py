"""The numbers of `policies/inventory.yaml`."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.inventory import InventoryPolicy
from gateway.errors import Misconfigured
from gateway.governance.sections import Count, Shape, only_keys, read_section
from gateway.governance.yaml import read_yaml

_SECTIONS: dict[str, dict[str, Shape]] = {
    "soft": {"usual": Count(10), "most": Count(120)},
    "divergence": {"units": Count(1, least=0), "percent": Count(2, least=0), "severe": Count(20)},
    "snapshot": {"drop_percent": Count(5, least=0)},
    "adjustment": {"units": Count(50, least=0), "value": Count(50_000, least=0)},
    "staleness": {"percent": Count(150)},
}


def load_inventory(path: Path) -> InventoryPolicy:
    """The usual numbers where there is no file. Raises `Misconfigured` naming file, line, fault and mend."""
    if not path.exists():
        return InventoryPolicy()
    document = read_yaml(path)
    only_keys(document, tuple(_SECTIONS))
    numbers = {
        f"{section}_{key}": value
        for section, keys in _SECTIONS.items()
        for key, value in read_section(document, (section,), called=section, keys=keys, optional={}).items()
    }
    policy = InventoryPolicy(**numbers)
    if policy.soft_usual > policy.soft_most:
        raise Misconfigured(f"{document.at('soft', 'usual')}: soft: 'usual' is more than 'most'; make it at most that")
    return policy
