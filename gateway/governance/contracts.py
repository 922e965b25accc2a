"""
The contracts, read once and enforced on every request and every answer.

Faults of a body point into it (`#/lines/0/quantity`), others into the request around it (`/query/page_size`,
`/path/order_id`, `/header/webhook-id`). Their codes are the keywords of JSON Schema in snake_case, and `unknown_field`,
`unknown_parameter`, `repeated`, `unexpected_body`, `not_allowed`. No sentence repeats a value that was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.domain.operation import Operation
from gateway.errors import BrokenAnswer, Misconfigured
from gateway.governance.clauses import Clauses, Compiler, Reply
from gateway.governance.faults import MOST, faults_of
from gateway.governance.json import parse
from gateway.governance.lint import refuse_unless_sound
from gateway.governance.names import listed
from gateway.governance.openapi import operations
from gateway.governance.parameters import read_query, unknown_parameters
from gateway.governance.paths import Matched, Paths
from gateway.governance.pointers import body_pointer
from gateway.governance.schema import enforceable
from gateway.governance.yaml import read_yaml
from gateway.refusals import Fault, Invalid, UnsupportedMedia

__all__ = ["Checked", "Contracts", "Matched", "load_contracts"]

_CITED = 5  # faults of an answer that are named in the log


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request says, exactly: parameters as the values they stand for, defaults filled in."""

    query: dict[str, Any]
    body: Any


class Contracts:
    """Every operation of every contract."""

    def __init__(self, clauses: Mapping[str, Clauses], documents: Mapping[str, dict[str, Any]]) -> None:
        self.operations = {name: each.operation for name, each in clauses.items()}
        self.documents = documents
        self._clauses = clauses
        self._paths = Paths(self.operations.values())

    def match(self, method: str, path: str) -> Matched:
        """Raises `NotFound` or `MethodNotAllowed`. HEAD means GET."""
        return self._paths.match(method, path)

    def check_request(
        self,
        operation: Operation,
        *,
        path_parameters: Mapping[str, str],
        query: bytes,
        headers: Mapping[str, str],  # names in lower case
        content_type: str | None,
        body: bytes,
    ) -> Checked:
        """Raises `Malformed`, `UnsupportedMedia`, or `Invalid` with every fault at once."""
        clauses = self._clauses[operation.id]
        given = read_query(query) if query else {}
        faults = list(unknown_parameters(given, clauses.query_names))
        sources = {"query": given, "header": headers, "path": path_parameters}
        values = _parameters(clauses, sources, faults)
        value = _body(clauses, content_type, body, faults)
        if faults:
            more = "; these are the first faults" if len(faults) > MOST else ""
            raise Invalid(f"the request breaks the contract of {operation.id}{more}", faults=tuple(faults[:MOST]))
        return Checked(values, value)

    def check_answer(self, operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raises `BrokenAnswer`. For HEAD, hand in the body that GET would have had."""
        clauses = self._clauses[operation.id]
        reply = clauses.reply(status)
        if reply is None:
            raise BrokenAnswer(f"{operation.id} answered {status}, which its contract does not know")
        lower = {name.lower(): value for name, value in headers.items()}
        faults = [*_header_faults(reply, lower, clauses.root), *_answer_faults(reply, lower, body, clauses.root)]
        if faults:
            cited = "; ".join(f"{fault.pointer} {fault.detail}" for fault in faults[:_CITED])
            raise BrokenAnswer(f"{operation.id} answered {status} against its contract: {cited}", faults=len(faults))


def load_contracts(folder: Path) -> Contracts:
    """Every `*.yaml` of *folder*. Raises `Misconfigured` naming file, line, what is wrong and what would be right."""
    clauses: dict[str, Clauses] = {}
    documents: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yaml")):
        document = read_yaml(path)
        refuse_unless_sound(document)
        compiler = Compiler(document, enforceable(document.value))
        for described in operations(document):
            new = compiler.clauses(described, path.stem)
            _refuse_twin(new.operation, clauses.values(), where=document.at(*described.place))
            clauses[new.operation.id] = new
        documents[path.stem] = document.value
    if not clauses:
        raise Misconfigured(f"{folder}: there is no contract (*.yaml) with an operation here")
    return Contracts(clauses, documents)


def _refuse_twin(mine: Operation, others: Iterable[Clauses], *, where: str) -> None:
    for theirs in (each.operation for each in others):
        if mine.id == theirs.id:
            raise Misconfigured(f"{where}: operationId '{mine.id}' is taken by {theirs.contract}.yaml; use another")
        if (mine.method, mine.path) == (theirs.method, theirs.path):
            raise Misconfigured(f"{where}: {mine.method} {mine.path} is also in {theirs.contract}.yaml; keep one")


def _parameters(clauses: Clauses, sources: Mapping[str, Mapping[str, Any]], faults: list[Fault]) -> dict[str, Any]:
    """The query's values; faults of all parameters."""
    values: dict[str, Any] = {}
    for parameter in clauses.parameters:
        texts = sources[parameter.where].get(parameter.name)
        if texts is None:
            if parameter.required:
                faults.append(Fault(f"/{parameter.where}/{parameter.name}", "required", "is required"))
            elif parameter.where == "query" and "default" in parameter.schema:
                values[parameter.name] = parameter.schema["default"]
            continue
        value, wrong = parameter.read([texts] if isinstance(texts, str) else texts, clauses.root)
        faults += wrong
        if parameter.where == "query":
            values[parameter.name] = value
    return values


def _body(clauses: Clauses, content_type: str | None, body: bytes, faults: list[Fault]) -> Any:
    if not clauses.body:
        if body:
            faults.append(Fault("#", "unexpected_body", "this operation takes no body"))
        return None
    if not body and not clauses.body_required:
        return None
    if not body and content_type is None:
        faults.append(Fault("#", "required", "a body is required"))
        return None
    media_type = _media_type(content_type)
    if media_type not in clauses.body:
        raise UnsupportedMedia(f"{clauses.operation.id} takes {listed(clauses.body)} in UTF-8")
    if not body:
        faults.append(Fault("#", "required", "a body is required"))
        return None
    validator = clauses.body[media_type]
    if validator is None:
        return None
    value = parse(body)
    faults += faults_of(validator, value, root=clauses.root, point=body_pointer)
    return value


def _media_type(content_type: str | None) -> str:
    """`application/json; charset=utf-8` -> `application/json`; another charset is another type."""
    name, _, rest = (content_type or "").partition(";")
    for parameter in rest.lower().split(";"):
        key, _, value = parameter.strip().partition("=")
        if key == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            return ""
    return name.strip().lower()


def _header_faults(reply: Reply, headers: Mapping[str, str], root: dict[str, Any]) -> Iterator[Fault]:
    for header in reply.headers:
        if header.name in headers:
            yield from header.read([headers[header.name]], root)[1]
        elif header.required:
            yield Fault(f"/header/{header.name}", "required", "is required")


def _answer_faults(reply: Reply, headers: Mapping[str, str], body: bytes, root: dict[str, Any]) -> Iterator[Fault]:
    if not reply.media:
        if body:
            yield Fault("#", "unexpected_body", "the contract has no body here")
        return
    media_type = _media_type(headers.get("content-type"))
    if media_type not in reply.media:
        yield Fault("/header/content-type", "enum", f"must be one of {listed(reply.media)}")
        return
    if (validator := reply.media[media_type]) is not None:
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            yield Fault("#", "json", "is not JSON")
            return
        yield from faults_of(validator, value, root=root, point=body_pointer)
