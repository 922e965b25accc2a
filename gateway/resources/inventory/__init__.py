"""Inventory v1: what is available, how it changes, where it lies; the rules are in the domain, the SQL in the store."""

from gateway.resources.inventory.routes import inventory

__all__ = ["inventory"]
