"""Who acts: a partner, an operator or the system itself. Every audited row names one."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["partner", "operator", "system"]


@dataclass(frozen=True, slots=True)
class Principal:
    kind: Kind
    subject: str
    partner: str | None = None
    channels: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    plan: str | None = None
