"""Operations v1: what waits for a person, and what people may do about it."""

from gateway.resources.operations.routes import exceptions

__all__ = ["exceptions"]
