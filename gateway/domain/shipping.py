"""What a supplier says is on its way: pallets of cartons of pieces, and what cannot be true of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.domain.suppliers import has_check_digit

Pallets = Sequence[Mapping[str, Any]]


class NoticeState(StrEnum):
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"  # a receipt named it
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that cannot be: a JSON pointer, a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


def open_pieces(ordered: int, *, accepted: int, in_transit: int) -> int:
    """What can still be sent of a line. A notice that arrived counts as what came of it, so that what was missing in
    it, or was damaged, can be sent again."""
    return max(ordered - accepted - in_transit, 0)


def units(pallets: Pallets) -> Iterator[tuple[str, str]]:
    """Pointer and SSCC of every pallet and carton."""
    for number, pallet in enumerate(pallets):
        yield f"#/pallets/{number}/sscc", pallet["sscc"]
        for index, carton in enumerate(pallet["cartons"]):
            yield f"#/pallets/{number}/cartons/{index}/sscc", carton["sscc"]


def contents(pallets: Pallets) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Pointer and line of whatever lies in a carton."""
    for number, pallet in enumerate(pallets):
        for index, carton in enumerate(pallet["cartons"]):
            for place, line in enumerate(carton["lines"]):
                yield f"#/pallets/{number}/cartons/{index}/lines/{place}", line


def packed(pallets: Pallets) -> dict[str, int]:
    """Pieces by line, in all cartons."""
    pieces: dict[str, int] = {}
    for _, line in contents(pallets):
        pieces[line["line_id"]] = pieces.get(line["line_id"], 0) + int(line["quantity"])
    return pieces


def wrong_units(pallets: Pallets, used: Collection[str]) -> Iterator[Wrong]:
    """*used*: numbers that stand in other notices of this supplier that are not cancelled."""
    seen = set[str]()
    for pointer, sscc in units(pallets):
        if not has_check_digit(sscc):
            yield Wrong(pointer, "sscc_check_digit", "its last digit does not fit the others")
        elif sscc in seen:
            yield Wrong(pointer, "duplicate_sscc", "stands in this notice already")
        elif sscc in used:
            yield Wrong(pointer, "duplicate_sscc", "stands in another notice of this supplier")
        seen.add(sscc)


def wrong_contents(pallets: Pallets, left: Mapping[str, int]) -> Iterator[Wrong]:
    """*left*: what can still be sent, by line of the order."""
    sent: dict[str, int] = {}
    for pointer, line in contents(pallets):
        name = line["line_id"]
        if name not in left:
            yield Wrong(f"{pointer}/line_id", "unknown_line", "the order has no such line")
            continue
        sent[name] = sent.get(name, 0) + int(line["quantity"])
        if sent[name] > left[name]:
            detail = f"with this {sent[name]} of line {name} are sent, and {left[name]} are open"
            yield Wrong(f"{pointer}/quantity", "qty_exceeds_open", detail)
