"""Documents as callers send them: kept in two halves, one without personal data, and compared by JSON pointers."""

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def apart(body: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order's document without contact and addresses, and these by themselves: of an order with one delivery group
    its `address`, of one with several its `addresses`, by group."""
    groups, customer = body["delivery_groups"], body["customer"]
    addresses = {group["id"]: group["address"] for group in groups if "address" in group}
    personal: dict[str, Any] = {}
    if len(groups) > 1:
        personal["addresses"] = addresses
    elif addresses:
        personal["address"] = addresses[groups[0]["id"]]
    if "contact" in customer:
        personal["contact"] = customer["contact"]
    kept = {
        **body,
        "customer": {name: value for name, value in customer.items() if name != "contact"},
        "delivery_groups": [{name: value for name, value in group.items() if name != "address"} for group in groups],
    }
    return kept, personal


def addresses(kept: Document, personal: Document | None) -> dict[str, Document]:
    """Where each delivery group goes, by its id; a forgotten person's address stays away."""
    personal = personal or {}
    if "address" in personal:
        return {kept["delivery_groups"][0]["id"]: personal["address"]}
    return dict(personal.get("addresses", {}))


def whole(kept: Document, personal: Document | None) -> dict[str, Any]:
    """The document as it was sent; a forgotten person's contact and addresses stay away."""
    contact = {"contact": personal["contact"]} if personal and "contact" in personal else {}
    known = addresses(kept, personal)
    return {
        **kept,
        "customer": {**kept["customer"], **contact},
        "delivery_groups": [
            {**group, "address": known[group["id"]]} if group["id"] in known else group
            for group in kept["delivery_groups"]
        ],
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
