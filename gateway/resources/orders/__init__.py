"""Orders v1: place, follow and cancel; the rules of the trade are in the domain, the SQL in the store."""

from gateway.resources.orders.routes import orders

__all__ = ["orders"]
