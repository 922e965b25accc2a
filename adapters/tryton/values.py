"""Values as Tryton writes them in JSON: what JSON has no word for is an object that names its class."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

MOMENT = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def to_tryton(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": format(value, "f")}
    if isinstance(value, datetime):
        theirs = value.astimezone(UTC)  # Tryton's times are UTC and do not say so
        return {"__class__": "datetime", **{name: getattr(theirs, name) for name in MOMENT}}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, Mapping):
        return {name: to_tryton(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_tryton(each) for each in value]
    return value


def from_tryton(value: Any) -> Any:
    """Raises `ValueError` for an object of a known class that is not made like one."""
    if isinstance(value, list):
        return [from_tryton(each) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    try:
        if kind == "Decimal":
            return Decimal(value["decimal"])
        if kind == "date":
            return date(value["year"], value["month"], value["day"])
        if kind == "datetime":
            return datetime(**{name: int(value[name]) for name in MOMENT}, tzinfo=UTC)
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError(f"a {kind} that is none") from error
    return {name: from_tryton(each) for name, each in value.items()}
