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
    roles: frozenset[str] = frozenset()  # an operator's

    @property
    def account(self) -> str | None:
        """Whose keys, budgets and places its calls are counted under; a system has none."""
        if self.kind == "operator":
            return f"operator:{self.subject}"
        return self.partner
