"""What is known of goods that are bought: what buyers and receivers wrote, what suppliers billed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Of a purchase order, as a buyer issued it. `agreed`: never issued, but what its supplier said and was taken."""

    number: int
    lines: tuple[tuple[str, str, int, int], ...]  # line, SKU, pieces, minor units of a piece
    agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What somebody counted at a dock, and was told is written down."""

    number: str
    lines: tuple[tuple[str, int, int], ...]  # line, pieces, damaged of these
    node: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A purchase order: what those did who had to do with it, and what Omnigate says of it in the end."""

    po_id: str
    po_number: str
    supplier: str  # the retailer's number for it
    currency: str
    status: str | None  # None: Omnigate does not know it
    in_force: int | None  # the revision that was issued or agreed to last, by Omnigate's word
    revisions: tuple[Revision, ...]
    cancelled: bool = False  # a buyer was told so
    receipts: tuple[Receipt, ...] = ()
    arrived: tuple[tuple[str, int, int], ...] = ()  # line, pieces that came, pieces that were accepted: by Omnigate
    billed: tuple[str, ...] = ()  # invoices that its supplier was told are taken, by their numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What Omnigate says of a supplier's invoice."""

    invoice_id: str
    po_id: str
    number: str
    status: str
    total: int
    currency: str
    pieces: tuple[tuple[str, int], ...]  # line, how many are billed
