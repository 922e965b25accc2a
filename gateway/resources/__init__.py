"""3 · The canonical, versioned APIs, a folder each. No resource knows another."""

from gateway.resources.callbacks import callbacks
from gateway.resources.orders import orders

__all__ = ["callbacks", "orders"]
