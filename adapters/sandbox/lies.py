"""How the pretend warehouse can be made to lie about its stock: what it says is wrong then, what it keeps is true."""

from adapters.sandbox.answers import Json, Refusal
from adapters.sandbox.ledger import Ledger

NUMBERS = ("net", "packs")  # about how much lies there
FACTS = ("drop", "repeat", "double")  # about what changed
KINDS = (*NUMBERS, *FACTS)
SIZES = {"packs": "of", **dict.fromkeys(FACTS, "next")}
LEAST = {"of": 2, "next": 1}
MOST = 1_000  # lies at once, and the largest size of one
NET = "SELECT 1 FROM lies WHERE kind = 'net' AND coalesce(node, ?1) = ?1 AND coalesce(sku, ?2) = ?2"
PACKS = (
    "SELECT size FROM lies WHERE kind = 'packs' AND coalesce(node, ?1) = ?1 AND coalesce(sku, ?2) = ?2 ORDER BY place"
)
RETOLD = """
UPDATE lies SET told = told + 1
 WHERE place = (SELECT min(place) FROM lies WHERE kind IN ('drop', 'repeat', 'double') AND told < size
                   AND coalesce(node, ?1) = ?1 AND coalesce(sku, ?2) = ?2)
RETURNING kind
"""


def replace(ledger: Ledger, written: Json) -> None:
    """Put other lies in force, all or none. Raises `Refusal` when one of them is not possible."""
    lies = written.get("lies")
    if written.keys() != {"lies"} or not isinstance(lies, list) or len(lies) > MOST:
        raise _wrong(f"give 'lies', a list of at most {MOST}")
    told = [_read(lie, f"lies[{place}]") for place, lie in enumerate(lies)]
    with ledger.transaction():
        ledger.run("DELETE FROM lies")
        for place, lie in enumerate(told):
            ledger.run("INSERT INTO lies (place, kind, node, sku, size) VALUES (?, ?, ?, ?, ?)", place, *lie)


def shown(ledger: Ledger) -> Json:
    """The lies in force, and of those about changes how often each was told."""
    return {"lies": [_shown(dict(row)) for row in ledger.rows("SELECT * FROM lies ORDER BY place")]}


def is_net(ledger: Ledger, node: str, sku: str) -> bool:
    """Are units that are promised to parcels said not to be there?"""
    return ledger.row(NET, node, sku) is not None


def divided_by(ledger: Ledger, node: str, sku: str) -> int:
    """How many units are said to be one."""
    return int(ledger.value(PACKS, node, sku) or 1)


def retold(ledger: Ledger, node: str, sku: str) -> str | None:
    """What is made of a change that is about to be told; each lie is told as often as was asked for."""
    kind = ledger.value(RETOLD, node, sku)
    return str(kind) if kind else None


def _read(written: object, where: str) -> tuple[str, str | None, str | None, int | None]:
    if not isinstance(written, dict):
        raise _wrong(f"{where} must be an object")
    kind = written.get("kind")
    if kind not in KINDS:
        raise _wrong(f"{where}: there is no kind '{kind}'; known: {', '.join(KINDS)}")
    size = SIZES.get(kind)
    known = {"kind", "node", "sku", *([size] if size else [])}
    if unknown := written.keys() - known:
        raise _wrong(f"{where}: unknown key '{min(unknown)}'; '{kind}' knows {', '.join(sorted(known))}")
    node, sku = (_named(written, name, where) for name in ("node", "sku"))
    return kind, node, sku.upper() if sku else None, _size(written, size, where) if size else None


def _named(written: Json, name: str, where: str) -> str | None:
    value = written.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= 200):
        raise _wrong(f"{where}: '{name}' must be a text; leave it out for all of them")
    return value


def _size(written: Json, name: str, where: str) -> int:
    value = written.get(name)
    if type(value) is not int or not LEAST[name] <= value <= MOST:
        raise _wrong(f"{where}: '{name}' must be a whole number from {LEAST[name]} to {MOST}")
    return value


def _shown(row: Json) -> Json:
    named = {name: row[name] for name in ("kind", "node", "sku") if row[name] is not None}
    size = SIZES.get(row["kind"])
    return named | ({size: row["size"]} if size else {}) | ({"told": row["told"]} if size == "next" else {})


def _wrong(detail: str) -> Refusal:
    return Refusal(422, "lie_not_possible", detail)
