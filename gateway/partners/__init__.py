"""Who they are: the registry of partners, their credentials, and the endpoint that turns these into tokens."""

__all__ = ["SCOPES"]

SCOPES = frozenset(
    {
        *("orders:read", "orders:write", "orders:import_history"),
        *("inventory:read", "inventory:reserve", "inventory:commit", "inventory:feed"),
        "operations",
    }
)
