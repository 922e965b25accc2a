"""Shapes that every resource's wire format is made of. The contract stage has proven them; types tell the code so."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

CLOSED = ConfigDict(extra="forbid")
OPEN = ConfigDict(extra="allow")

_CODE = "^[a-z][a-z0-9_]*$"
_DAY = "(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
_TIME = r"T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?(Z|[+\-][0-9]{2}:[0-9]{2})"
_MOMENT, MOMENT_OR_DAY = f"^{_DAY}{_TIME}$", f"^{_DAY}({_TIME})?$"

Moment = Annotated[str, Field(pattern=_MOMENT, json_schema_extra={"format": "date-time"})]
OrderId = Annotated[str, Field(pattern="^ord_[0-9A-HJKMNP-TV-Z]{26}$")]
Text20 = Annotated[str, Field(min_length=1, max_length=20)]
Text40 = Annotated[str, Field(min_length=1, max_length=40)]
Text64 = Annotated[str, Field(min_length=1, max_length=64)]
Text120 = Annotated[str, Field(min_length=1, max_length=120)]
Text200 = Annotated[str, Field(min_length=1, max_length=200)]
Text255 = Annotated[str, Field(min_length=1, max_length=255)]
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
Code = Annotated[str, Field(pattern=_CODE)]
Role = Literal[
    "viewer",
    "support",
    "inventory_controller",
    "finance",
    "approver",
    "buyer",
    "receiver",
    "accounts_payable",
    "platform",
    "admin",
]


@with_config(CLOSED)
class Fault(TypedDict):
    pointer: str
    code: str
    detail: str


@with_config(OPEN)
class Problem(TypedDict):
    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: str
    code: Code
    trace_id: str
    request_id: str
    retryable: bool
    effect: NotRequired[Literal["none", "applied", "unknown"]]
    errors: NotRequired[list[Fault]]


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON Schema of a shape with every reference written out, so that it can stand anywhere in a document."""
    schema: dict[str, Any] = TypeAdapter(shape).json_schema()
    definitions = schema.pop("$defs", {})
    written: dict[str, Any] = _written_out(schema, definitions)
    return written


def _written_out(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_written_out(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _written_out(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    return {name: _written_out(value, definitions) for name, value in node.items()}
