"""What is read for the Saturday's reckoning: orders by their channels, and the sandbox's ledgers and shelves, whole."""

import asyncio
from collections.abc import Collection, Mapping

from gateway.cli.channel import Json, Refusal
from gateway.cli.saturday_books import Position, Seen
from gateway.cli.saturday_orders import WEB
from gateway.cli.saturday_town import Town
from gateway.errors import Unavailable

SYSTEMS = ("psp", "erp", "wms", "store")
PAGE = 1000
AT_ONCE = 100  # pairs in one question about stock


async def read(town: Town, earlier: Collection[str]) -> Seen:
    """*earlier*: orders of the first act, whose effects stand in the same books."""
    orders = await asyncio.gather(*(town.order(order_id) for order_id in town.acks))
    stock = (await town.ask("/ledger/wms/stock"))["stock"]
    shelves = {(shelf["node"], shelf["sku"]): shelf["on_hand"] - shelf["allocated"] for shelf in stock}
    return Seen(
        {order["order_id"]: order for order in orders},
        [effect for system in SYSTEMS for effect in await whole(town, f"/ledger/{system}/effects", "effects")],
        await whole(town, "/ledger/wms/moves", "moves"),
        shelves,
        await _sellable(town, shelves),
        earlier,
    )


async def whole(town: Town, path: str, name: str) -> list[Json]:
    """A ledger, page by page."""
    found, after = list[Json](), 0
    while after is not None:
        page = await town.ask(path, limit=PAGE, after=after)
        found += page[name]
        after = page["next"]
    return found


async def _sellable(town: Town, places: Collection[Position]) -> Mapping[Position, int]:
    """What our API says is available at each position."""
    found, asked = dict[Position, int](), [{"sku": sku, "node_id": node} for node, sku in places]
    while asked:
        lines, asked = asked[:AT_ONCE], asked[AT_ONCE:]
        answer = await town.channels[WEB].post("/v1/inventory/availability:query", {"lines": lines})
        if isinstance(answer, Refusal):
            raise Unavailable(f"what is available was not told: {answer.code}: {answer.detail}")
        for item in answer["items"]:
            found |= {(node["node_id"], item["sku"].upper()): node["available"] for node in item["nodes"]}
    return found
