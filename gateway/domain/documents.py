"""Documents as callers send them: kept in two halves, one without personal data, and compared by JSON pointers."""

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def apart(body: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order's document without contact and address, and these two by themselves."""
    group = body["delivery_groups"][0]
    customer = body["customer"]
    personal = {"address": group["address"]} if "address" in group else {}
    if "contact" in customer:
        personal["contact"] = customer["contact"]
    kept = {
        **body,
        "customer": {name: value for name, value in customer.items() if name != "contact"},
        "delivery_groups": [{name: value for name, value in group.items() if name != "address"}],
    }
    return kept, personal


def whole(kept: Document, personal: Document | None) -> dict[str, Any]:
    """The document as it was sent; a forgotten person's contact and address stay away."""
    personal = personal or {}
    contact = {"contact": personal["contact"]} if "contact" in personal else {}
    address = {"address": personal["address"]} if "address" in personal else {}
    return {
        **kept,
        "customer": {**kept["customer"], **contact},
        "delivery_groups": [{**kept["delivery_groups"][0], **address}],
    }


def differing(one: Any, other: Any, where: str = "#") -> Iterator[str]:
    """Pointers to whatever stands in only one of two documents, or differs between them."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted(one.keys() | other.keys()):
            yield from differing(one.get(name), other.get(name), f"{where}/{_escaped(name)}")
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            yield from differing(_at(one, index), _at(other, index), f"{where}/{index}")
    elif one != other:
        yield where


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
