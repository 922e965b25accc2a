"""3 · The canonical, versioned APIs, a folder each. No resource knows another."""

from gateway.resources.callbacks import callbacks
from gateway.resources.operations import exceptions
from gateway.resources.orders import orders

__all__ = ["callbacks", "exceptions", "orders"]
