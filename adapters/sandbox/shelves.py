"""What lies where in the pretend warehouse: each change is written down as it was, and told as lies have it."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adapters.sandbox.answers import Json, Refusal
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.lies import divided_by, is_net, retold

MAIN = "main"
OPENED = """
INSERT INTO shelves (node, sku, on_hand) VALUES (?, ?, ?) ON CONFLICT (node, sku) DO NOTHING RETURNING on_hand
"""
SHELF = "SELECT on_hand, allocated FROM shelves WHERE node = ? AND sku = ?"
MOVE = "INSERT INTO moves (node, sku, delta, reason, reference, at) VALUES (?, ?, ?, ?, ?, ?)"
NUMBERED = "UPDATE shelves SET told = told + 1 WHERE node = ? AND sku = ? RETURNING told"
TELL = """
INSERT INTO tellings (id, number, node, sku, delta, reason, reference, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
PAGE = """
SELECT node, sku, a.name, a.gtin, on_hand, allocated FROM shelves JOIN articles a USING (sku)
 WHERE (node, sku) > (?1, ?2) AND (?3 IS NULL OR node = ?3) ORDER BY node, sku LIMIT ?4
"""
TOLD = """
SELECT t.*, a.name FROM tellings t JOIN articles a USING (sku) WHERE sequence > ? ORDER BY sequence LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why stock changes: in the words of the trade, with the document that says so, and when."""

    reason: str
    reference: str | None
    at: float


def stock_shelf(ledger: Ledger, node: str, sku: str, on_hand: int) -> None:
    """Make a shelf. One that is known keeps what lies on it."""
    if ledger.row(OPENED, node, sku, on_hand):
        ledger.run(MOVE, node, sku, on_hand, "opening", None, ledger.now())


def allocate(ledger: Ledger, node: str, wanted: Mapping[str, int], cause: Cause) -> None:
    """Promise units that lie at the node, or none of them."""
    refuse_unknown(ledger, node, wanted)
    for sku, quantity in wanted.items():
        if (there := free(ledger, node, sku)) < quantity:
            raise Refusal(422, "short", f"{quantity} of {sku} are wanted, {there} are free")
        _promise(ledger, node, sku, quantity, cause)


def refuse_unknown(ledger: Ledger, node: str, skus: Iterable[str]) -> None:
    if ledger.row("SELECT 1 FROM shelves WHERE node = ? LIMIT 1", node) is None:
        raise Refusal(422, "unknown_node", f"there is no node {node}")
    refuse_unknown_articles(ledger, skus)


def refuse_unknown_articles(ledger: Ledger, skus: Iterable[str]) -> None:
    for sku in skus:
        if ledger.row("SELECT 1 FROM articles WHERE sku = ?", sku) is None:
            raise Refusal(422, "unknown_sku", f"there is no article {sku}")


def free(ledger: Ledger, node: str, sku: str) -> int:
    """Units that lie there and are promised to nobody."""
    shelf = ledger.row(SHELF, node, sku)
    return int(shelf["on_hand"] - shelf["allocated"]) if shelf else 0


def give_back(ledger: Ledger, node: str, promised: Mapping[str, int], cause: Cause) -> None:
    for sku, quantity in promised.items():
        _promise(ledger, node, sku, -quantity, cause)


def take(ledger: Ledger, node: str, promised: Mapping[str, int], cause: Cause) -> None:
    """Promised units leave."""
    for sku, quantity in promised.items():
        ledger.run(
            "UPDATE shelves SET on_hand = on_hand - ?, allocated = allocated - ? WHERE node = ? AND sku = ?",
            *(quantity, quantity, node, sku),
        )
        _moved(ledger, node, sku, -quantity, cause)


def change(ledger: Ledger, node: str, sku: str, delta: int, cause: Cause) -> None:
    """Goods come, are found or lost. What is promised to parcels cannot be lost."""
    shelf = ledger.row(SHELF, node, sku)
    if shelf is None:
        raise Refusal(404, "unknown_shelf", f"{sku} does not lie at the node {node}")
    if shelf["on_hand"] + delta < shelf["allocated"]:
        raise Refusal(409, "promised", f"{shelf['allocated']} of {sku} are promised to parcels at the node {node}")
    ledger.run("UPDATE shelves SET on_hand = on_hand + ? WHERE node = ? AND sku = ?", delta, node, sku)
    if delta:
        _moved(ledger, node, sku, delta, cause)


def on_hand(ledger: Ledger, node: str, sku: str) -> int | None:
    """What truly lies there; None: no such shelf."""
    shelf = ledger.row(SHELF, node, sku)
    return int(shelf["on_hand"]) if shelf else None


def positions(ledger: Ledger, node: str | None, after: str, limit: int) -> list[Json]:
    """A page of what is said to lie there, by node and SKU, behind a position named like `main/LAMP-7`."""
    behind, _, sku = after.partition("/")
    return [
        {"node": row["node"], "sku": row["name"], "gtin": row["gtin"], "on_hand": _said(ledger, dict(row))}
        for row in ledger.rows(PAGE, behind, sku.upper(), node, limit)
    ]


def changes(ledger: Ledger, after: int, limit: int) -> list[Json]:
    """A page of the changes that are told of, each with the place of its telling."""
    return [
        {
            "place": row["sequence"],
            "id": row["id"],
            "sequence": row["number"],
            "node": row["node"],
            "sku": row["name"],
            "delta": row["delta"],
            "bucket": "on_hand",
            "reason": row["reason"],
            "reference": row["reference"],
            "occurred_at": moment(row["at"]),
        }
        for row in ledger.rows(TOLD, after, limit)
    ]


def _said(ledger: Ledger, shelf: Json) -> int:
    place = (shelf["node"], shelf["sku"])
    counted = shelf["on_hand"] - (shelf["allocated"] if is_net(ledger, *place) else 0)
    return int(counted) // divided_by(ledger, *place)


def _promise(ledger: Ledger, node: str, sku: str, quantity: int, cause: Cause) -> None:
    ledger.run("UPDATE shelves SET allocated = allocated + ? WHERE node = ? AND sku = ?", quantity, node, sku)
    if is_net(ledger, node, sku):
        _tell(ledger, node, sku, -quantity, cause)


def _moved(ledger: Ledger, node: str, sku: str, delta: int, cause: Cause) -> None:
    ledger.run(MOVE, node, sku, delta, cause.reason, cause.reference, cause.at)
    if cause.reason != "shipment" or not is_net(ledger, node, sku):  # whose number was less since the order came
        _tell(ledger, node, sku, delta, cause)


def _tell(ledger: Ledger, node: str, sku: str, delta: int, cause: Cause) -> None:
    """Each fact has the next number of its shelf, also one that is kept secret: so whoever counts misses it."""
    facts = _named(ledger, node, sku)
    match retold(ledger, node, sku):
        case "drop":
            tellings = []
        case "repeat":
            tellings = [facts, facts]
        case "double":
            tellings = [facts, _named(ledger, node, sku)]
        case _:
            tellings = [facts]
    for telling in tellings:
        ledger.run(TELL, *telling, node, sku, delta, cause.reason, cause.reference, cause.at)


def _named(ledger: Ledger, node: str, sku: str) -> tuple[str, int]:
    return f"mov_{secrets.token_hex(10)}", int(ledger.value(NUMBERED, node, sku))
