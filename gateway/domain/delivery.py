"""Delivery groups: the ways in which an order's goods reach their customer, each with lines of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

DeliveryMethod = Literal["ship_to_home", "bopis", "curbside"]


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """Lines that go one way."""

    group_id: str = "1"
    method: DeliveryMethod = "ship_to_home"
    pickup_node: str | None = None  # the store that was promised, where it is fetched
    lines: frozenset[str] | None = None  # None: all of the order's
    promised_by: datetime | None = None  # by its channel

    def has(self, line_id: str) -> bool:
        return self.lines is None or line_id in self.lines


def group_from(document: Mapping[str, Any]) -> DeliveryGroup:
    return DeliveryGroup(
        document["id"],
        document["method"],
        document.get("pickup", {}).get("node_id"),
        frozenset(document["lines"]) if "lines" in document else None,
        due_by(document["promised_by"]) if "promised_by" in document else None,
    )


def due_by(promised: str) -> datetime:
    """The moment that was promised; of a date, the end of that day in UTC. Raises ValueError for what is neither."""
    if "T" in promised:
        return datetime.fromisoformat(promised)
    return _midnight_after(date.fromisoformat(promised))


def due_at(method: str, arrives_at: datetime) -> datetime:
    """What may be promised of goods that arrive then: of a parcel the day, in UTC; in a store the moment."""
    return _midnight_after(arrives_at.astimezone(UTC).date()) if method == "ship_to_home" else arrives_at


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


Found = tuple[str, str, str]  # pointer, code, detail


def faults_of(groups: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> Iterator[Found]:
    """What no schema can say of groups and the order's lines, which are told by `line_id`."""
    seen: set[str] = set()
    for index, group in enumerate(groups):
        if group["id"] in seen:
            yield f"#/delivery_groups/{index}/id", "group_id_repeated", "names an earlier group of this order"
        seen.add(group["id"])
        yield from _ways(index, group)
        if "lines" not in group and len(groups) > 1:
            yield f"#/delivery_groups/{index}/lines", "required", "each of several groups says which lines are its own"
    if len(groups) == 1 and "lines" not in groups[0]:
        return
    yield from _strays(groups, lines)
    if all("lines" in group for group in groups):
        named = {line_id for group in groups for line_id in group["lines"]}
        yield from _left_out(lines, named)


def _ways(index: int, group: Mapping[str, Any]) -> Iterator[Found]:
    """What is sent needs an address, what is fetched a store."""
    needed = "address" if group["method"] == "ship_to_home" else "pickup"
    if needed not in group:
        yield f"#/delivery_groups/{index}/{needed}", "required", f"{group['method']} needs it"
    if needed == "address" and "pickup" in group:
        yield f"#/delivery_groups/{index}/pickup", "not_for_shipping", "nothing is fetched that is shipped"
    if "promised_by" in group and not _is_moment(group["promised_by"]):
        yield f"#/delivery_groups/{index}/promised_by", "no_such_day", "is no moment and no day"


def _is_moment(promised: str) -> bool:
    try:
        due_by(promised)
    except ValueError:
        return False
    return True


def _strays(groups: Sequence[Mapping[str, Any]], lines: Iterable[str]) -> Iterator[Found]:
    known, taken = frozenset(lines), set[str]()
    for index, group in enumerate(groups):
        for place, line_id in enumerate(group.get("lines", ())):
            pointer = f"#/delivery_groups/{index}/lines/{place}"
            if line_id not in known:
                yield pointer, "line_unknown", "no line of this order has this line_id"
            elif line_id in taken:
                yield pointer, "line_in_two_groups", "belongs to an earlier group already"
            taken.add(line_id)


def _left_out(lines: Iterable[str], named: set[str]) -> Iterator[Found]:
    for index, line_id in enumerate(lines):
        if line_id not in named:
            yield f"#/lines/{index}/line_id", "line_in_no_group", "each line belongs to one delivery group"
