"""Evidence as a file: a JSON object a line, each naming what it is. Read as strictly as it is written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from tests.chaos.checker.evidence import (
    Attempt,
    Circumstances,
    Count,
    Effect,
    Event,
    Evidence,
    Exchange,
    Line,
    Message,
    Order,
    Part,
    Queue,
    Refund,
    Return,
    ReturnedLine,
    Shelf,
    Wanted,
    Yes,
)
from tests.chaos.checker.papers import Invoice, Purchase, Receipt, Revision

Json = dict[str, Any]

RECORDS = {
    "circumstances": Circumstances,
    "wanted": Wanted,
    "exchanges": Exchange,
    "effects": Effect,
    "attempts": Attempt,
    "orders": Order,
    "shelves": Shelf,
    "messages": Message,
    "queues": Queue,
    "returns": Return,
    "purchases": Purchase,
    "invoices": Invoice,
}
NESTED = {
    **{"events": Event, "returned": ReturnedLine, "counts": Count, "yeses": Yes, "refunds": Refund},
    **{"revisions": Revision, "receipts": Receipt},
}
TUPLES = ("prices", "worth", "pieces", "waiting", "arrived")  # fields that are tuples of tuples


class Unreadable(Exception):
    """The file is no evidence; says where and why."""


def write(evidence: Evidence, path: Path) -> None:
    with path.open("w", encoding="utf-8") as written:
        for name in RECORDS:
            value = getattr(evidence, name)
            for record in value if isinstance(value, tuple) else (value,):
                written.write(json.dumps({"is": name, **asdict(record)}) + "\n")


def read(path: Path) -> Evidence:
    found: dict[str, list[Any]] = {name: [] for name in RECORDS}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                name, record = _record(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise Unreadable(f"{path}:{number}: {error}; a line is one of {', '.join(RECORDS)}") from error
            found[name].append(record)
    if len(found["circumstances"]) != 1:
        raise Unreadable(f"{path}: {len(found['circumstances'])} lines of circumstances instead of one")
    (circumstances,) = found.pop("circumstances")
    return Evidence(circumstances=circumstances, **{name: tuple(records) for name, records in found.items()})


def _record(read: Json) -> tuple[str, Any]:
    name = read.pop("is")
    kind = RECORDS[name]
    if unknown := read.keys() - {each.name for each in fields(kind)}:
        raise ValueError(f"unknown key '{min(unknown)}' of {name}")
    if "lines" in read:
        read["lines"] = lines(read["lines"])
    for each in NESTED.keys() & read.keys():
        read[each] = tuple(_nested(NESTED[each], inner) for inner in read[each])
    if "parts" in read:
        read["parts"] = tuple(Part(**{**part, "lines": _tuples(part["lines"])}) for part in read["parts"])
    if "billed" in read:
        read["billed"] = tuple(read["billed"])
    return name, kind(**read | {each: _tuples(read[each]) for each in TUPLES if each in read})


def _nested(kind: Any, read: Json) -> Any:
    return kind(**{name: _deep(value) for name, value in read.items()})


def _deep(read: Any) -> Any:
    return tuple(_deep(each) for each in read) if isinstance(read, list) else read


def _tuples(read: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(tuple(each) for each in read)


def lines(read: Iterable[Any] | None) -> tuple[Line, ...] | None:
    """Lines in an order of their own: from triples, or from objects as systems write them."""
    if read is None:
        return None
    triples = (
        (line["line_id"], line["sku"], line["quantity"]) if isinstance(line, Mapping) else tuple(line) for line in read
    )
    return tuple(sorted((str(name), str(sku).upper(), int(units)) for name, sku, units in triples))
