"""The guard against paying an invoice twice: what its number is, and what looks too much like another one."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from gateway.domain.money import Money

NEAR_DAYS = 45

Likeness = Literal["same_number", "same_document", "near_number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceMark:
    """What an invoice is known by, of whatever it bills."""

    supplier_id: str
    number: str  # as the supplier wrote it
    dated: date
    total: Money
    document_hash: str | None  # None: nobody says what it looked like

    @property
    def natural_key(self) -> tuple[str, str, int]:
        return self.supplier_id, normalised(self.number), self.dated.year


@dataclass(frozen=True, slots=True)
class Suspicion:
    likeness: Likeness
    of: InvoiceMark
    days_apart: int


def normalised(number: str) -> str:
    """Letters and digits in upper case, without zeros in front: INV-0042 is INV0042, 00042 is 42."""
    kept = "".join(c for c in unicodedata.normalize("NFKC", number).upper() if c.isalnum())
    if not kept:
        raise ValueError(f"{number!r} has neither letter nor digit, so it is no invoice number")
    return kept.lstrip("0") or "0"


def suspicion(mark: InvoiceMark, known: Iterable[InvoiceMark]) -> Suspicion | None:
    """The first of *known* that *mark* looks like. A payment reference says nothing: some rightly use one again."""
    for other in known:
        if (likeness := _likeness(mark, other)) is not None:
            return Suspicion(likeness, other, abs((mark.dated - other.dated).days))
    return None


def _likeness(mark: InvoiceMark, other: InvoiceMark) -> Likeness | None:
    if mark.supplier_id != other.supplier_id:
        return None
    if mark.natural_key == other.natural_key:
        return "same_number"
    if mark.document_hash is not None and mark.document_hash == other.document_hash:
        return "same_document"
    close = mark.total == other.total and abs((mark.dated - other.dated).days) <= NEAR_DAYS
    return "near_number" if close and _one_slip(normalised(mark.number), normalised(other.number)) else None


def _one_slip(one: str, other: str) -> bool:
    """Equal but for at most one character too many, too few or different."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    return one[at + 1 :] == other[at + 1 :] if len(one) == len(other) else one[at:] == other[at + 1 :]
