"""Everything governance knows, in one frozen value: what the edge is built from."""

from dataclasses import dataclass
from pathlib import Path

from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.confirmations import Tolerances
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.receiving import ReceivingTerms
from gateway.domain.returns_policy import ReturnsPolicy
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.governance.access import Access, load_access
from gateway.governance.admission import Admission, load_admission
from gateway.governance.approvals import load_approvals
from gateway.governance.contracts import Contracts, load_contracts
from gateway.governance.inventory import load_inventory
from gateway.governance.matching import load_matching
from gateway.governance.quotas import Quotas, load_quotas, refuse_unknown_operations
from gateway.governance.receiving import load_receiving
from gateway.governance.returns import load_returns
from gateway.governance.sourcing import load_sourcing
from gateway.governance.suppliers import load_suppliers


@dataclass(frozen=True, slots=True)
class Bundle:
    contracts: Contracts
    access: Access
    quotas: Quotas
    admission: Admission
    inventory: InventoryPolicy
    sourcing: SourcingPolicy
    approvals: ApprovalPolicy
    returns: ReturnsPolicy
    suppliers: Tolerances
    matching: MatchingRules
    receiving: ReceivingTerms


def load_bundle(contracts: Path, policies: Path) -> Bundle:
    """Read both folders. Raises `Misconfigured` naming file, line and what would be right."""
    promised, quotas = load_contracts(contracts), load_quotas(policies / "quotas.yaml")
    refuse_unknown_operations(quotas, promised.operations)
    return Bundle(
        contracts=promised,
        access=load_access(policies / "access.yaml"),
        quotas=quotas,
        admission=load_admission(policies / "admission.yaml", operations=promised.operations, plans=quotas.plans),
        inventory=load_inventory(policies / "inventory.yaml"),
        sourcing=load_sourcing(policies / "sourcing.yaml"),
        approvals=load_approvals(policies / "approvals.yaml"),
        returns=load_returns(policies / "returns.yaml"),
        suppliers=load_suppliers(policies / "suppliers.yaml"),
        matching=load_matching(policies / "suppliers.yaml"),
        receiving=load_receiving(policies / "suppliers.yaml"),
    )
