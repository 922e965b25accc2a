"""A snapshot in pieces: lines of JSON, each read for itself, so that one that cannot be read costs that one only."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from gateway.domain.feeds import BUCKETS
from gateway.domain.inventory import Place

Scope = Literal["full", "partial"]

LONGEST_LINE = 4096  # bytes
MOST_LINES = 20_000  # of a chunk
MOST_UNITS = 100_000_000

_FIELDS = frozenset({"sku", "node_id", "condition", "on_hand", "unavailable", "gtin"})
_CONDITIONS = frozenset({"new", "open_box", "refurbished", "damaged"})
_SKU = re.compile(r"[A-Za-z0-9._\-/]{1,64}")
_GTIN = re.compile(r"[0-9]{8,14}")


@dataclass(frozen=True, slots=True)
class Announced:
    """What a source says of a snapshot before it sends it; a full one speaks for all that lies at its nodes."""

    source_id: str
    reference: str
    scope: Scope
    nodes: tuple[str, ...]
    as_of: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    place: Place
    on_hand: int
    unavailable: Mapping[str, int] | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class LineFault:
    line: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a piece says: rows, and the lines that could not be read."""

    number: int
    fingerprint: bytes
    rows: Sequence[Row]
    faults: Sequence[LineFault]

    @property
    def lines(self) -> int:
        return len(self.rows) + len(self.faults)


class Unreadable(Exception):
    """What is wrong with a line: a stable code, and a sentence that repeats nothing of it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def fingerprint_of(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def read_chunk(raw: bytes, number: int, nodes: Collection[str]) -> Chunk:
    """Each line for itself; those that are blank are none, and all are counted from one as an editor does."""
    rows: list[Row] = []
    faults: list[LineFault] = []
    for at, line in enumerate(raw.split(b"\n"), start=1):
        try:
            if line.strip():
                rows.append(_read(at, line, nodes))
        except Unreadable as error:
            faults.append(LineFault(at, error.code, error.detail))
    return Chunk(number, fingerprint_of(raw), rows, faults)


def _read(number: int, line: bytes, nodes: Collection[str]) -> Row:
    if len(line) > LONGEST_LINE:
        raise Unreadable("too_long", f"a line may have {LONGEST_LINE} bytes")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Unreadable("json", "is not JSON") from None
    return row_of(number, value, nodes)


def row_of(number: int, value: Any, nodes: Collection[str]) -> Row:
    """Raises `Unreadable`."""
    if not isinstance(value, dict):
        raise Unreadable("type", "a line must be a JSON object")
    if unknown := value.keys() - _FIELDS:
        raise Unreadable("unknown_field", f"{len(unknown)} fields that a line does not have; it has {_listed(_FIELDS)}")
    sku, node, condition = value.get("sku"), value.get("node_id"), value.get("condition", "new")
    if not (isinstance(sku, str) and _SKU.fullmatch(sku)):
        raise Unreadable("sku", "'sku' must be 1 to 64 of A-Z a-z 0-9 . _ - /")
    if not isinstance(node, str) or node not in nodes:
        raise Unreadable("node", "'node_id' must be a node that the snapshot speaks for")
    if not isinstance(condition, str) or condition not in _CONDITIONS:
        raise Unreadable("condition", f"'condition' must be one of {_listed(_CONDITIONS)}")
    gtin = value.get("gtin")
    if gtin is not None and not (isinstance(gtin, str) and _GTIN.fullmatch(gtin)):
        raise Unreadable("gtin", "'gtin' must be 8 to 14 digits")
    on_hand = _units(value.get("on_hand"), "on_hand", least=-MOST_UNITS)
    return Row(number, (sku.upper(), node, condition), on_hand, _unavailable(value.get("unavailable")), gtin)


def _unavailable(value: Any) -> Mapping[str, int] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() - set(BUCKETS):
        raise Unreadable("unavailable", f"'unavailable' must be an object of {_listed(BUCKETS)}")
    return {bucket: _units(units, "unavailable", least=0) for bucket, units in value.items()}


def _units(value: Any, name: str, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MOST_UNITS:
        raise Unreadable(name, f"'{name}' must be whole units, {least} to {MOST_UNITS}")
    return value


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def is_too_small(missing: int, known: int, percent: int) -> bool:
    """Would believing a full snapshot empty so many places that it is more likely to be cut off?"""
    return missing > 0 and missing * 100 >= known * percent
