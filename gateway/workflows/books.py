"""What a warehouse tells of its stock while it is asked goes the way of every source's facts."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from gateway.domain.feeds import Delta
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.store.change_feeds import Books
from gateway.store.feeds import take_deltas
from gateway.store.pool import Connection
from gateway.store.sources import nodes_known, source_of
from gateway.store.views import Hearing
from gateway.told import StockMove

SOURCE = "wms"  # whose counts `inventory sync` takes over
NOTHING_NEW = frozenset({"duplicate", "conflict"})

log = structlog.get_logger("worker.feed")


def warehouse_books(policy: InventoryPolicy, mint: Mint) -> Books:
    async def take(connection: Connection, moves: Sequence[StockMove], now: datetime) -> int:
        source = await source_of(connection, SOURCE)
        assert source is not None, "the schema brings it along"
        known = await nodes_known(connection, {move.node for move in moves})
        if unknown := {move.node for move in moves} - known:
            log.warning("stock changed at nodes that are not known", nodes=sorted(unknown))
        deltas = [_delta(move) for move in moves if move.node in known]
        if not deltas:
            return 0
        outcomes = await take_deltas(connection, source, deltas, Hearing(now, mint, policy))
        return sum(outcome not in NOTHING_NEW for outcome in outcomes.values())

    return take


def _delta(move: StockMove) -> Delta:
    return Delta(
        event_id=move.id,
        place=(move.sku.upper(), move.node, "new"),
        delta=move.delta,
        reason=move.reason,
        occurred_at=move.occurred_at,
        bucket=move.bucket,
        reference=move.reference,
        sequence=move.sequence,
    )
