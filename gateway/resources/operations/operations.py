"""What the operations of Operations v1 take and answer, for the app's own schema."""

from typing import Annotated

from pydantic import Field

from gateway.resources.described import described, json_body, parameter
from gateway.resources.operations.schemas import (
    ActionBody,
    BulkBody,
    BulkResult,
    Cause,
    Class,
    ExceptionId,
    ExceptionPage,
    ExceptionView,
    State,
)
from gateway.resources.shapes import Role, Text200

_TAGS = r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'
_Key = Annotated[str, Field(pattern=r'^("[A-Za-z0-9._:\-]{16,255}"|[A-Za-z0-9._:\-]{16,255})$')]

_KEY = parameter("header", "Idempotency-Key", _Key, required=True)
_EXCEPTION_ID = parameter("path", "exception_id", ExceptionId, required=True)

LIST_EXCEPTIONS = described(
    "list_exceptions",
    answer=(200, ExceptionPage),
    parameters=(
        parameter("query", "page_size", Annotated[int, Field(le=2**53 - 1)]),
        parameter("query", "page_token", Annotated[str, Field(max_length=1024)]),
        parameter("query", "state", State),
        parameter("query", "class", Class),
        parameter("query", "code", Cause),
        parameter("query", "owner", Role),
        parameter("query", "subject", Text200),
    ),
)
GET_EXCEPTION = described("get_exception", answer=(200, ExceptionView), problems=(404,), parameters=(_EXCEPTION_ID,))
ACT_ON_EXCEPTION = described(
    "act_on_exception",
    answer=(200, ExceptionView),
    problems=(404, 409, 412),
    parameters=(
        _EXCEPTION_ID,
        _KEY,
        parameter("header", "If-Match", Annotated[str, Field(pattern=_TAGS)]),
    ),
    body=json_body(ActionBody, required=True),
)
ACT_ON_EXCEPTIONS = described(
    "act_on_exceptions",
    answer=(200, BulkResult),
    problems=(409,),
    parameters=(_KEY,),
    body=json_body(BulkBody, required=True),
)
