"""Where the Saturday plays: four nodes, and articles of which each lies where its scene needs it."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.cli.demo_orders import articles

MAIN, NORTH, YORK, LEEDS = "main", "north", "york", "leeds"
# A file as the platform team keeps it. Stores pick and pack at the price of people who could be selling.
NODES = """\
nodes:
  main: {type: dc, name: Midlands, timezone: Europe/London, source_id: wms, cost: {currency: GBP, pick: 20, pack: 35}}
  north: {type: dc, name: The north, timezone: Europe/London, source_id: wms, cost: {currency: GBP, pick: 35, pack: 45}}
  york: {type: store, name: York, timezone: Europe/London, source_id: wms, cost: {currency: GBP, pick: 90, pack: 60}}
  leeds: {type: store, name: Leeds, timezone: Europe/London, source_id: wms, cost: {currency: GBP, pick: 90, pack: 60}}
"""


@dataclass(frozen=True, slots=True)
class Good:
    price: str
    stock: Mapping[str, int]  # pieces by node


SPLIT, SHIPPED, FETCHED, MISSED = "PARKA", "RUG", "MUG-SET", "LANTERN"
SHORT, RACED, REFUSED, RUSH = "GOBLET", "TENT", "KAYAK", "SLEDGE"
TRADE = ("SCARF", "BOOTS", "GLOVES", "HAT")  # what is bought and sold all day
GOODS: Mapping[str, Good] = {
    "SCARF": Good("19.90", {MAIN: 200, NORTH: 200, YORK: 60, LEEDS: 60}),
    "BOOTS": Good("89.00", {NORTH: 300}),
    "GLOVES": Good("24.50", {MAIN: 200, LEEDS: 100}),
    "HAT": Good("29.00", {YORK: 200, LEEDS: 200}),
    SPLIT: Good("149.00", {MAIN: 6, NORTH: 6}),
    SHIPPED: Good("120.00", {YORK: 4}),
    FETCHED: Good("35.00", {LEEDS: 8}),
    MISSED: Good("42.00", {YORK: 2, MAIN: 5, NORTH: 5}),
    SHORT: Good("12.00", {LEEDS: 5, NORTH: 9}),
    RACED: Good("210.00", {MAIN: 4, NORTH: 4}),
    REFUSED: Good("480.00", {MAIN: 3, NORTH: 3}),
    RUSH: Good("55.00", {MAIN: 3, NORTH: 3, YORK: 3, LEEDS: 3}),
}


def write_nodes(path: Path) -> None:
    """As `omnigate inventory nodes load` reads them."""
    path.write_text(NODES, encoding="utf-8")


def write_catalogue(path: Path) -> None:
    """All that the demo sells: the first act's articles at the main node, the Saturday's at theirs."""
    others = (NORTH, YORK, LEEDS)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("sku", "gtin", "on_hand", *(f"on_hand@{node}" for node in others)))
        writer.writerows((each.sku, each.gtin, each.on_hand, *("" for _ in others)) for each in articles())
        for sku, good in GOODS.items():
            writer.writerow((sku, "", good.stock.get(MAIN, 0), *(good.stock.get(node, "") for node in others)))
