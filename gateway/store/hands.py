"""Whose hand changes an order between its steps: an operator's, a store's, a customer's by their channel."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import Mint


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose it is, when it changes something, and under which trace."""

    who: str
    now: datetime
    trace_id: str
    mint: Mint
