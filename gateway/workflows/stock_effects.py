"""What a store's no says about its stock: not there at all, fewer than thought, or there and not fit to be sold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.adjustments import Adjustment
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.store.adjustments import look, write_adjustment
from gateway.store.pool import Connection
from gateway.store.views import Hearing

# What a rejection means: the bucket it is about, why, and by how much of what was asked for. None: for all there is.
_EFFECTS: Mapping[str, tuple[str, str, int | None]] = {
    "store_not_in_stock": ("on_hand", "shrink", None),
    "store_mismatch": ("on_hand", "shrink", -1),
    "store_damage": ("damaged", "damage", 1),
    "store_worn_display": ("display", "damage", 1),
}
_ACCOUNT = "store"


@dataclass(frozen=True, slots=True)
class _Correction:
    """Of one place, known by *reference* if it comes twice. *change*: by how many pieces; None: there are none."""

    reference: str
    place: tuple[str, str, str]
    bucket: str
    reason: str
    change: int | None


@dataclass(frozen=True, slots=True)
class StockEffects:
    mint: Mint
    policy: InventoryPolicy

    async def rejected(
        self, connection: Connection, part: str, node: str, code: str, pieces: Mapping[str, int], *, now: datetime
    ) -> None:
        """The store has said no to so many *pieces* by SKU. With other codes nothing follows for its stock."""
        if code in _EFFECTS:
            bucket, reason, sign = _EFFECTS[code]
            for sku, count in sorted(pieces.items()):
                change = None if sign is None else sign * count
                wanted = _Correction(f"{part}:{sku}", (sku, node, "new"), bucket, reason, change)
                await self._correct(connection, wanted, now)

    async def missing(
        self, connection: Connection, part: str, node: str, pieces: Mapping[str, int], now: datetime
    ) -> None:
        """So many were not found while others of it were."""
        await self.rejected(connection, part, node, "store_mismatch", pieces, now=now)

    async def _correct(self, connection: Connection, wanted: _Correction, now: datetime) -> None:
        there = await look(connection, wanted.place, wanted.bucket)
        delta = -there.number if wanted.change is None else wanted.change
        if delta:
            asked = self._asked(wanted, delta, now)
            await write_adjustment(connection, asked, delta, there, Hearing(now, self.mint, self.policy))

    def _asked(self, wanted: _Correction, delta: int, now: datetime) -> Adjustment:
        return Adjustment(
            adjustment_id=self.mint("adj"),
            account=_ACCOUNT,
            reference=wanted.reference,
            place=wanted.place,
            bucket=wanted.bucket,
            delta=delta,
            count=None,
            reason=wanted.reason,
            document_ref=wanted.reference.partition(":")[0],
            expected=None,
            cost=None,
            currency=None,
            reverses=None,
            requested_by=f"store:{wanted.place[1]}",
            now=now,
        )
