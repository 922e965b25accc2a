"""Who they are: partners and operators, their credentials, and the endpoint that turns these into tokens."""

__all__ = ["ROLES", "SCOPES"]

SCOPES = frozenset(
    {
        *("orders:read", "orders:write", "orders:import_history"),
        *("inventory:read", "inventory:reserve", "inventory:commit", "inventory:feed"),
        *("returns:read", "returns:write", "returns:receive"),
        *("suppliers:read", "suppliers:write"),
        *("events:read", "operations", "stores"),
    }
)
ROLES = frozenset(
    {
        *("viewer", "support", "inventory_controller", "finance", "approver"),
        *("buyer", "receiver", "accounts_payable", "platform", "admin"),
    }
)
