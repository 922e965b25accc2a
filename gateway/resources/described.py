"""What a route says of itself in the app's own schema, which a test compares with the contract in both directions."""

from collections.abc import Iterable
from typing import Annotated, Any, TypedDict

from pydantic import Field

from gateway.resources.shapes import Problem, schema_of

_EDGE = (400, 401, 403, 406, 408, 413, 415, 422, 429, 431, 500, 503)  # what any operation's call may be refused with


class Described(TypedDict):
    """Keywords of a router's decorators."""

    operation_id: str
    status_code: int
    responses: dict[int | str, dict[str, Any]]
    openapi_extra: dict[str, Any]


def described(
    operation_id: str,
    *,
    answer: tuple[int, Any],
    problems: Iterable[int] = (),
    bare: Iterable[int] = (),
    parameters: Iterable[dict[str, Any]] = (),
    body: dict[str, Any] | None = None,
) -> Described:
    status, shape = answer
    extra: dict[str, Any] = {"parameters": list(parameters)} | ({"requestBody": body} if body else {})
    refusals = {"description": "A problem", "content": _content("application/problem+json", Problem)}
    given = {"description": "The answer", "content": _content("application/json", shape)}
    without_body = {"description": "Nothing to tell that the caller does not know"}
    return {
        "operation_id": operation_id,
        "status_code": status,
        "responses": {
            status: given,
            **dict.fromkeys(bare, without_body),
            **dict.fromkeys([*_EDGE, *problems], refusals),
        },
        "openapi_extra": extra,
    }


def json_body(shape: Any, *, required: bool) -> dict[str, Any]:
    return {"required": required, "content": _content("application/json", shape)}


def parameter(where: str, name: str, shape: Any, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema_of(shape)}


def _content(media_type: str, shape: Any) -> dict[str, Any]:
    return {media_type: {"schema": schema_of(shape)}}


_KEY = r'^("[A-Za-z0-9._:\-]{16,255}"|[A-Za-z0-9._:\-]{16,255})$'
_TAGS = r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'

# Parameters that operations of several resources take.
IDEMPOTENCY_KEY = parameter("header", "Idempotency-Key", Annotated[str, Field(pattern=_KEY)], required=True)
IF_MATCH = parameter("header", "If-Match", Annotated[str, Field(pattern=_TAGS)])
PAGING = (
    parameter("query", "page_size", Annotated[int, Field(le=2**53 - 1)]),
    parameter("query", "page_token", Annotated[str, Field(max_length=1024)]),
)
