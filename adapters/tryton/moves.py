"""
How stock changed in Tryton's warehouses: moves that are done, into one of them or out of it.

What is moved within a warehouse changes nothing, as it is counted with all its places. The first look goes back a day;
what is older stands in a count. A move bears the moment at which it last changed, as Tryton keeps no other but a date.
What came back by one of our returns is left out, as its inspection has counted it, and so is what Tryton received under
our key, as the receipt itself did.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from adapters.tryton.changes import OURS, SHIPMENT, order_of
from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping as Words
from adapters.tryton.trail import AT_ONCE, Position, Trail
from gateway.told import Page, StockMove

MOVE, LOCATION = "stock.move", "stock.location"
# Shipments under our key whose goods have been counted here: of a refund, of a receipt, of what was bought besides.
COUNTED: Mapping[str, Sequence[object]] = {
    "stock.shipment.out.return": ["reference", "like", "rfd\\_%"],
    "stock.shipment.in": ["OR", ["reference", "like", "grn\\_%"], ["reference", "like", "spl\\_%"]],
}
FIRST_LOOK = timedelta(days=1)
PLACES = ("from_location", "to_location")
FIELDS = ["product", "internal_quantity", *PLACES, *(f"{place}.type" for place in PLACES), "shipment"]
WHENCE = {"supplier": "receipt", "customer": "return_restock", "lost_found": "cycle_count", "storage": "transfer_in"}
WHITHER = {"customer": "shipment", "lost_found": "cycle_count", "storage": "transfer_out"}
OTHERWISE = "correction"  # production, goods sent back to a supplier, and what else there is


class TrytonMoves:
    """`gateway.told.Changes` over Tryton's stock moves."""

    def __init__(
        self, conversation: Conversation, words: Words, *, clock: Callable[[], float], at_once: int = AT_ONCE
    ) -> None:
        self._tryton = conversation
        self._warehouses = words.warehouses
        self._skus = {product: sku for sku, product in words.articles.items()}
        self._clock = clock
        warehouses = list(self._warehouses.values())
        touched = ["OR", *([place, "child_of", warehouses, "parent"] for place in PLACES)]
        self._done = Trail(conversation, MOVE, [["state", "=", "done"], touched], FIELDS, at_once)

    async def since(self, cursor: str | None) -> Page:
        begin = datetime.fromtimestamp(self._clock(), UTC) - FIRST_LOOK
        read = await self._done.on(Position.read(cursor, begin=begin))
        rows = [row for row in read.rows if row.get("product") in self._skus]
        if not all(_fits(row) for row in rows):
            raise self._tryton.unreadable("a stock move is not what was promised")
        counted = await self._counted(rows)
        rows = [row for row in rows if row["shipment"] not in counted]
        nodes, orders = await self._nodes(rows), await self._orders(rows)
        return Page([], read.cursor, read.more, [move for row in rows for move in self._moves(row, nodes, orders)])

    async def _nodes(self, rows: Sequence[Json]) -> Mapping[int, str]:
        """In which node's warehouse the places lie; those in none are not there."""
        places = sorted({row[place] for row in rows for place in PLACES})
        nodes: dict[int, str] = {}
        for node, warehouse in self._warehouses.items() if places else ():
            within = [["id", "in", places], ["parent", "child_of", [warehouse], "parent"]]
            asked = (LOCATION, within, ["type"])
            found = await self._tryton.listed("changes", *asked, most=len(places), active_test=False)
            nodes |= {each["id"]: node for each in found}
        return nodes

    async def _orders(self, rows: Sequence[Json]) -> Mapping[str, str]:
        """The orders of ours that shipments are for."""
        found = await self._shipments(rows, SHIPMENT, OURS)
        return {f"{SHIPMENT},{each['id']}": order_of(each["reference"]) for each in found}

    async def _counted(self, rows: Sequence[Json]) -> Collection[str]:
        """The shipments by which credited goods came back, or goods came that were received here."""
        return {
            f"{model},{each['id']}"
            for model, ours in COUNTED.items()
            for each in await self._shipments(rows, model, ours)
        }

    async def _shipments(self, rows: Sequence[Json], model: str, ours: Sequence[Any]) -> list[Json]:
        named = {row["shipment"] for row in rows if (row["shipment"] or "").startswith(f"{model},")}
        if not named:
            return []
        numbers = sorted(int(each.partition(",")[2]) for each in named)
        wanted = [["id", "in", numbers], ours]
        return await self._tryton.listed("changes", model, wanted, ["reference"], most=len(numbers))

    def _moves(self, row: Json, nodes: Mapping[int, str], orders: Mapping[str, str]) -> Iterator[StockMove]:
        """One that goes from warehouse to warehouse is two."""
        whence, whither = nodes.get(row["from_location"]), nodes.get(row["to_location"])
        if whence == whither:
            return
        quantity = row["internal_quantity"]
        if whence and (gone := ceil(quantity)):
            reason = WHITHER.get(row["to_location."]["type"], OTHERWISE)
            yield self._move(row, whence, -gone, reason, reference=orders.get(row["shipment"], row["shipment"]))
        if whither and (come := int(quantity)):
            reason = WHENCE.get(row["from_location."]["type"], OTHERWISE)
            yield self._move(row, whither, come, reason, reference=row["shipment"])

    def _move(self, row: Json, node: str, delta: int, reason: str, *, reference: str | None) -> StockMove:
        return StockMove(
            id=f"move:{row['id']}:{node}",
            sku=self._skus[row["product"]],
            node=node,
            delta=delta,
            bucket="on_hand",
            reason=reason,
            reference=reference,
            sequence=None,
            occurred_at=row["last_modified_at"],
        )


def _fits(row: Json) -> bool:
    return (
        isinstance(row.get("internal_quantity"), int | float)
        and isinstance(row.get("shipment"), str | None)
        and all(isinstance(row.get(place), int) and isinstance(row.get(f"{place}."), dict) for place in PLACES)
    )
