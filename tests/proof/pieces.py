"""What became of orders' pieces and money: as the partner reads it, against what the back ends have in their books."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.proof.books import Json
from tests.proof.client import END_STATES

SETTLED = {"in_transit", "backordered", "cancelled"}

Places = Mapping[tuple[str, str], int]  # (SKU, node) -> pieces


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that is said once nothing moves any more."""

    orders: Mapping[str, Json]  # as the partner reads them
    effects: Sequence[Json]  # of all systems, oldest first
    shelves: Sequence[Json]  # of the warehouse

    def of(self, *kinds: str) -> Iterator[Json]:
        return (effect for effect in self.effects if effect["kind"] in kinds)

    def pieces(self, place: str) -> Counter[str]:
        """Of each SKU, over all orders."""
        found = Counter[str]()
        for order in self.orders.values():
            for line in order["lines"]:
                found[line["sku"].upper()] += line.get("pieces", {}).get(place, 0)
        return +found


def rests(order: Json) -> bool:
    """It has ended, or does nothing but wait for goods."""
    standing = {place for line in order["lines"] for place in line["pieces"]}
    busy = {part["status"] for part in order["fulfilments"]} - {"completed", "rejected", "cancelled"}
    waits = "backordered" in standing and order["status"] in ("accepted", "processing")
    return standing <= SETTLED and not busy and (waits or order["status"] in END_STATES)


def awaited_in_vain(seen: Seen) -> list[str]:
    """What orders wait for though it lies there for nobody."""
    waits = seen.pieces("backordered")
    return [str(shelf) for shelf in seen.shelves if shelf["on_hand"] > shelf["allocated"] and waits[shelf["sku"]]]


def oversold(seen: Seen, stock: Places) -> list[str]:
    """Shelves that have less than nothing, or another number than what was there less what has left."""
    left, faults = seen.pieces("in_transit"), list[str]()
    for shelf in seen.shelves:
        left[shelf["sku"]] -= stock[shelf["sku"], shelf["node"]] - shelf["on_hand"]
        if not 0 == shelf["allocated"] <= shelf["on_hand"] <= stock[shelf["sku"], shelf["node"]]:
            faults.append(f"{shelf} of {stock[shelf['sku'], shelf['node']]}")
    return faults + [f"{pieces} of {sku} have left, and no shelf" for sku, pieces in left.items() if pieces]


def unaccounted(order: Json) -> list[str]:
    """Lines of which a piece has neither left nor waits nor was cancelled with a reason, as the order wished."""
    wished = {"cancel_lines": "cancelled", "backorder": "backordered"}[order["when_short"]]
    return [
        f"{order['order_id']}: {line}"
        for line in order["lines"]
        if sum(line["pieces"].values()) != line["quantity"]
        or not line["pieces"].keys() <= {"in_transit", wished}
        or ("cancelled" in line["pieces"]) != ("reason" in line)
    ]


def left_by_orders(seen: Seen) -> Counter[tuple[str, str]]:
    """Pieces by order and SKU that have left, as the partner reads it."""
    found = Counter[tuple[str, str]]()
    for order in seen.orders.values():
        for line in order["lines"]:
            found[order["order_id"], line["sku"].upper()] += line["pieces"].get("in_transit", 0)
    return +found


def left_by_shipments(seen: Seen) -> Counter[tuple[str, str]]:
    """The same, as the warehouse has it."""
    lines = {effect["id"]: effect["lines"] for effect in seen.of("shipment")}
    found = Counter[tuple[str, str]]()
    for effect in seen.of("shipped"):
        for line in lines[effect["id"]]:
            found[effect["order_id"], line["sku"].upper()] += line["quantity"]
    return +found


def taken(seen: Seen) -> Counter[str]:
    """Minor units by order, as the payment provider has them."""
    found = Counter[str]()
    for effect in seen.of("capture"):
        found[effect["order_id"]] += effect["amount"]["amount"]
    return found


def worth(seen: Seen) -> Counter[str]:
    """What has left of each order, at its prices, with what sending it costs; here nothing is taxed or discounted."""
    found = Counter[str]()
    for order in seen.orders.values():
        goods = sum(Decimal(line["unit_price"]) * line["pieces"].get("in_transit", 0) for line in order["lines"])
        if any("in_transit" in line["pieces"] for line in order["lines"]):
            found[order["order_id"]] = int(goods * 100) + order.get("shipping_charge", {"amount": 0})["amount"]
    return found


def most_at_once(seen: Seen) -> int:
    """The most shipments of one order that the warehouse had at a time."""
    under_way, most = Counter[str](), 0
    for effect in seen.of("shipment", "shipped"):
        under_way[effect["order_id"]] += 1 if effect["kind"] == "shipment" else -1
        most = max(most, under_way[effect["order_id"]])
    return most
