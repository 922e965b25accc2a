"""One mapping of a policy file or contract extension: its keys, checked, with messages that say what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Misconfigured
from gateway.governance.names import did_you_mean, listed
from gateway.governance.yaml import Document, Place


@dataclass(frozen=True, slots=True)
class Text:
    """A non-empty text, one of *choices* if there are any."""

    like: str
    choices: tuple[str, ...] = ()

    def fault(self, value: Any) -> str | None:
        if not isinstance(value, str) or not value:
            return f"must be a text, like {self.like}"
        if self.choices and value not in self.choices:
            return f"must be one of {listed(self.choices)}, not '{value}'{did_you_mean(value, self.choices)}"
        return None


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number of at least *least*, and at most *most* if there is one."""

    like: int
    least: int = 1
    most: int | None = None

    def fault(self, value: Any) -> str | None:
        if type(value) is not int or value < self.least or (self.most is not None and value > self.most):
            wanted = f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"
            return f"must be a whole number of {wanted}, like {self.like}"
        return None


@dataclass(frozen=True, slots=True)
class Region:
    """A country or a part of one (ISO 3166), or * for any."""

    like: str

    def fault(self, value: Any) -> str | None:
        if not isinstance(value, str) or not (value == "*" or _REGION.fullmatch(value)):
            return f'must be a country or a part of one, like {self.like}, or "*" for any'
        return None


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of different texts, each of the kind of *item*."""

    item: Text
    least: int = 1

    def fault(self, value: Any) -> str | None:
        if not isinstance(value, list) or len(value) < self.least:
            return f"must be a list, like [{self.item.like}]"
        if len(set(map(str, value))) < len(value):
            return "names something twice"
        return next((fault for item in value if (fault := self.item.fault(item))), None)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, whose entries are read by themselves."""

    like: str
    least: int = 1
    most: int = 1_000

    def fault(self, value: Any) -> str | None:
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            return f"must be a list of {self.least} to {self.most}, like {self.like}"
        return None


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, whose entries are read by themselves."""

    like: str

    def fault(self, value: Any) -> str | None:
        return None if isinstance(value, dict) else f"must be a mapping, like {self.like}"


Shape = Text | Count | Texts | Region | Listed | Table

_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def read_section(
    document: Document, place: Place, *, called: str, keys: Mapping[str, Shape], optional: Mapping[str, Any]
) -> dict[str, Any]:
    """The mapping at *place*; what is absent and in *optional* has its value there. Raises `Misconfigured`."""
    section = mapping_at(document, place, called=called)
    for key in section:
        if key not in keys:
            hint = did_you_mean(key, keys) or f"; known are {listed(keys)}"
            raise Misconfigured(f"{document.at(*place, key)}: {called}: unknown key '{key}'{hint}")
    for key, shape in keys.items():
        if key not in section and key not in optional:
            raise Misconfigured(f"{document.at(*place)}: {called}: '{key}' is missing; {_remedy(key, shape)}")
        if key in section and (fault := shape.fault(section[key])):
            raise Misconfigured(f"{document.at(*place, key)}: {called}: '{key}' {fault}")
    return {**optional, **section}


def mapping_at(document: Document, place: Place, *, called: str) -> dict[str, Any]:
    value = document.value
    for step in place:
        value = value[step]
    if not isinstance(value, dict):
        raise Misconfigured(f"{document.at(*place)}: {called} must be a mapping of keys to values")
    return value


def only_keys(document: Document, known: tuple[str, ...]) -> None:
    """The file has these keys at its top, all of them and no other."""
    top = mapping_at(document, (), called="the file")
    for key in top:
        if key not in known:
            hint = did_you_mean(key, known) or f"; known are {listed(known)}"
            raise Misconfigured(f"{document.at(key)}: unknown key '{key}'{hint}")
    for key in known:
        if key not in top:
            raise Misconfigured(f"{document.at()}: '{key}:' is missing at the top level")


def _remedy(key: str, shape: Shape) -> str:
    example = f"[{shape.item.like}]" if isinstance(shape, Texts) else shape.like
    return f"write '{key}: {example}'"
