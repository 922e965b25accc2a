"""What a contract demands of one operation: its parameters, its body and its answers, compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.operation import Operation
from gateway.governance.extension import read_operation
from gateway.governance.openapi import Described, resolved, target
from gateway.governance.parameters import Parameter
from gateway.governance.schema import Validator, compiled
from gateway.governance.yaml import Document, Place

Media = Mapping[str, Validator | None]  # None: bytes of that type, looked at by the route

_NOT_OURS = frozenset(("accept", "content-type", "authorization"))  # OpenAPI 3.1, 4.8.12.2.1
# Fields with a syntax of their own, read by whoever has better words for it than a pattern.
_READ_ELSEWHERE = frozenset(("idempotency-key", "if-match"))


@dataclass(frozen=True, slots=True)
class Reply:
    """One documented answer."""

    media: Media
    headers: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Clauses:
    operation: Operation
    parameters: tuple[Parameter, ...]
    query_names: frozenset[str]
    body: Media
    body_required: bool
    replies: Mapping[str, Reply]  # "202", "4XX", "default"
    root: dict[str, Any]  # where the schemas' places lead

    def reply(self, status: int) -> Reply | None:
        return self.replies.get(str(status)) or self.replies.get(f"{status // 100}XX") or self.replies.get("default")


@dataclass(frozen=True, slots=True)
class Compiler:
    """One document, as written and as enforced."""

    document: Document
    enforced: dict[str, Any]
    made: dict[Place, Validator] = field(default_factory=dict)  # each holds the whole document: never two of one schema

    def clauses(self, described: Described, contract: str) -> Clauses:
        operation = read_operation(self.document, described, contract)
        parameters = tuple(self._parameter(place, text) for place, text in described.parameters)
        ours = tuple(
            each for each in parameters if each.name not in _NOT_OURS | _READ_ELSEWHERE or each.where != "header"
        )
        place, body = self._resolved((*described.place, "requestBody"), described.text.get("requestBody", {}))
        return Clauses(
            operation=operation,
            parameters=ours,
            query_names=frozenset(each.name for each in ours if each.where == "query"),
            body=self._media(place, body),
            body_required=body.get("required", False),
            replies={
                status: self._reply((*described.place, "responses", status), text)
                for status, text in described.text["responses"].items()
            },
            root=self.enforced,
        )

    def _resolved(self, place: Place, value: Any) -> tuple[Place, Any]:
        return resolved(self.document.value, place, value)

    def _parameter(self, place: Place, text: dict[str, Any]) -> Parameter:
        name = text["name"].lower() if text["in"] == "header" else text["name"]
        return self._described(place, text, where=text["in"], name=name)

    def _reply(self, place: Place, text: dict[str, Any]) -> Reply:
        place, text = self._resolved(place, text)
        headers = []
        for name, header in text.get("headers", {}).items():
            at, header_text = self._resolved((*place, "headers", name), header)
            if name.lower() != "content-type":
                headers.append(self._described(at, header_text, where="header", name=name.lower()))
        return Reply(self._media(place, text), tuple(headers))

    def _described(self, place: Place, text: dict[str, Any], *, where: str, name: str) -> Parameter:
        place = (*place, "schema")
        validator = self._validator(place, text["schema"])
        return Parameter(where, name, text.get("required", False), self._shape(place, text["schema"]), validator)

    def _validator(self, place: Place, schema: Any) -> Validator:
        while isinstance(schema, dict) and schema.keys() == {"$ref"}:
            place, schema = target(self.document.value, schema["$ref"])
        if place not in self.made:
            self.made[place] = compiled(self.document, self.enforced, place)
        return self.made[place]

    def _shape(self, place: Place, schema: dict[str, Any]) -> dict[str, Any]:
        shape = self._resolved(place, schema)[1]
        if isinstance(shape, dict) and "items" in shape:
            return {**shape, "items": self._shape(place, shape["items"])}
        return dict(shape) if isinstance(shape, dict) else {}

    def _media(self, place: Place, text: dict[str, Any]) -> Media:
        return {
            name.lower(): self._validator((*place, "content", name, "schema"), media["schema"])
            if "schema" in media and is_json(name)
            else None
            for name, media in text.get("content", {}).items()
        }


def is_json(media_type: str) -> bool:
    return media_type.lower() == "application/json" or media_type.lower().endswith("+json")
