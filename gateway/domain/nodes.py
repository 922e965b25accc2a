"""A node: where stock lies, and what the retailer says of that place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stdnum import ean

from gateway.domain.intake import Breach

_COLUMNS = frozenset({"type", "name", "status", "priority", "source_id"})


@dataclass(frozen=True, slots=True)
class Node:
    """*features*: time zone, region, GLN, calendar, cut-offs, capacity, capabilities, cost, in the contract's words."""

    node_id: str
    type: str  # dc | store | 3pl | supplier
    name: str
    status: str
    priority: int
    source_id: str
    features: Mapping[str, Any]


def node_from(node_id: str, body: Mapping[str, Any]) -> Node:
    """*body* fits the contract; what it does not say has its usual value."""
    return Node(
        node_id,
        body["type"],
        body["name"],
        body.get("status", "active"),
        body.get("priority", 100),
        body.get("source_id", "manual"),
        {name: value for name, value in body.items() if name not in _COLUMNS},
    )


def breaches_of_node(body: Mapping[str, Any]) -> Iterator[Breach]:
    """What no schema can say."""
    if not _is_timezone(body["timezone"]):
        yield Breach("#/timezone", "unknown_timezone", "is not one of the IANA database, like Europe/London")
    if "gln" in body and not ean.is_valid(body["gln"]):
        yield Breach("#/gln", "gln_check_digit", "the check digit is not right")
    for index, opening in enumerate(body.get("calendar", {}).get("openings", ())):
        if opening["from"] >= opening["to"]:
            yield Breach(f"#/calendar/openings/{index}/to", "closes_before_it_opens", "must be later than 'from'")


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, like Europe
        return False
    return True
