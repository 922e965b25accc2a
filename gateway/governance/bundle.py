"""Everything governance knows, in one frozen value: what the edge is built from."""

from dataclasses import dataclass
from pathlib import Path

from gateway.governance.access import Access, load_access
from gateway.governance.contracts import Contracts, load_contracts
from gateway.governance.quotas import Quotas, load_quotas, refuse_unknown_operations


@dataclass(frozen=True, slots=True)
class Bundle:
    contracts: Contracts
    access: Access
    quotas: Quotas


def load_bundle(contracts: Path, policies: Path) -> Bundle:
    """Read both folders. Raises `Misconfigured` naming file, line and what would be right."""
    bundle = Bundle(
        contracts=load_contracts(contracts),
        access=load_access(policies / "access.yaml"),
        quotas=load_quotas(policies / "quotas.yaml"),
    )
    refuse_unknown_operations(bundle.quotas, bundle.contracts.operations)
    return bundle
