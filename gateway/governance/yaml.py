"""YAML as JSON has it, with the line of everything: 1.2, text keys, no anchors, no tags, nothing twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml
from yaml.cyaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from gateway.errors import Misconfigured

Place = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"


class _Loader(CParser, BaseResolver):  # type: ignore[misc]  # it has no types
    """Plain scalars are as the core schema of YAML 1.2 (10.3.2) says: that of 1.1, PyYAML's own, takes NO for false."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        BaseResolver.__init__(self)


for _kind, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(f"(?:{_pattern})$"), _first)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value, and the line on which each part of it begins."""

    name: str  # as messages and decisions cite it: "policies/access.yaml"
    value: Any
    lines: Mapping[Place, int]

    def at(self, *place: str | int) -> str:
        """`policies/access.yaml:12`: the line of *place*, or of the nearest part around it."""
        while place not in self.lines:
            place = place[:-1]
        return f"{self.name}:{self.lines[place]}"


def read_yaml(path: Path) -> Document:
    """Raises `Misconfigured` naming file, line and what would be right."""
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
                what = f"anchors (&{event.anchor}) are not read here; write the value out"
                raise Misconfigured(f"{name}:{event.start_mark.line + 1}: {what}")
        root = yaml.compose(text, Loader=_Loader)
    except FileNotFoundError:
        raise Misconfigured(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: cannot be read as UTF-8 text: {error}") from None
    except yaml.YAMLError as error:
        raise Misconfigured(_unreadable(name, error)) from None
    if root is None:
        raise Misconfigured(f"{name}: the file is empty")
    reader = _Reader(name, {})
    return Document(name, reader.value(root, ()), reader.lines)


def _unreadable(name: str, error: yaml.YAMLError) -> str:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if mark is None:
        return f"{name}: is not YAML: {error}"
    return f"{name}:{mark.line + 1}: is not YAML: {error.problem}"


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    lines: dict[Place, int]

    def value(self, node: Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(child, (*place, index)) for index, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, child in node.value:
            if not isinstance(key, ScalarNode):
                raise self._refusal(key, "a key must be plain text")
            if key.value in found:
                raise self._refusal(key, f"'{key.value}' stands here twice; keep one")
            self.lines[*place, key.value] = key.start_mark.line + 1
            found[key.value] = self.value(child, (*place, key.value))
        return found

    def _scalar(self, node: Node) -> Any:
        kind, text = str(node.tag).removeprefix(_TAG), node.value
        try:
            if kind in {"str", "timestamp"}:  # JSON knows no dates
                return text
            if kind in {"int", "float"}:
                return orjson.loads(text)
        except ValueError:
            raise self._refusal(node, f"'{text}' is no number as JSON writes it; put it in quotes") from None
        if kind in {"bool", "null"}:
            return {"true": True, "false": False}.get(text.lower())
        raise self._refusal(node, f"tags ({node.tag}) are not read here; write a plain value")

    def _refusal(self, node: Node, what: str) -> Misconfigured:
        return Misconfigured(f"{self.name}:{node.start_mark.line + 1}: {what}")
