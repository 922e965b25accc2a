"""Approvals v1: what needs people's yes, and what they say."""

from gateway.resources.approvals.routes import approvals

__all__ = ["approvals"]
