"""Returns v1: what may come back, what came; the rules are in the domain, the SQL in the store."""

from gateway.resources.returns.routes import returns

__all__ = ["returns"]
