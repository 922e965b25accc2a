"""What each system can be asked: the type of an operation. The systems' own files list theirs."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.sandbox.answers import Answer, Call
from adapters.sandbox.dialects import REST, Dialect
from adapters.sandbox.ledger import Ledger

DAY = 24 * 60 * 60.0
FOREVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One entry of a system's interface. `forward`: an effect before the pivot, the only kind that may be refused."""

    system: str
    name: str
    method: str
    path: str
    run: Callable[[Ledger, Call], Answer]
    keys_kept: float = 0.0
    forward: bool = False
    dialect: Dialect = REST

    @property
    def reads(self) -> bool:
        return self.method == "GET"
