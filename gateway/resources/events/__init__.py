"""Events v1: what happened to a partner's own, from a cursor that skips nothing."""

from gateway.resources.events.routes import events

__all__ = ["events"]
