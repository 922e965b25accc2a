"""Callbacks v1: what the systems behind Omnigate tell it."""

from gateway.resources.callbacks.routes import callbacks

__all__ = ["callbacks"]
