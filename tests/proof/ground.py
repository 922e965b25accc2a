"""Nodes beside the main one and what lies at each, so that some orders have to be served from several."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

MAIN = "main"


@dataclass(frozen=True, slots=True)
class Ground:
    """`picking`: what it costs at each node, in pence; `stock`: of each SKU, how many pieces lie where. `stores`: nodes
    that are stores."""

    picking: Mapping[str, int]
    stock: Mapping[str, Mapping[str, int]]
    stores: Collection[str] = ()

    def write_nodes(self, folder: Path) -> Path:
        """As `omnigate inventory nodes load` reads them."""
        path = folder / "nodes.yaml"
        entries = (
            f"  {node}: {{type: {'store' if node in self.stores else 'dc'}, name: {node}, timezone: UTC,"
            f" source_id: wms, cost: {{currency: GBP, pick: {pick}}}}}\n"
            for node, pick in self.picking.items()
        )
        path.write_text("nodes:\n" + "".join(entries))
        return path

    def write_catalogue(self, folder: Path) -> Path:
        """As the sandbox reads it: a column for each node."""
        path, others = folder / "catalogue.csv", [node for node in self.picking if node != MAIN]
        head = ["sku", "gtin", "on_hand", *(f"on_hand@{node}" for node in others)]
        rows = [
            [sku, "", str(at.get(MAIN, 0)), *(str(at.get(node, "")) for node in others)]
            for sku, at in self.stock.items()
        ]
        path.write_text("".join(f"{','.join(row)}\n" for row in (head, *rows)))
        return path
