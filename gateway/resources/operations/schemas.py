"""The wire format of Operations v1, as types: closed, like the contract. `class` and `as` are no names in Python."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Code, Moment, Role, Text200

ExceptionId = Annotated[str, Field(pattern="^xcp_[0-9A-HJKMNP-TV-Z]{26}$")]
Class = Annotated[str, Field(max_length=80, pattern="^[a-z_]+/[a-z_]+$")]
Cause = Annotated[str, Field(max_length=64, pattern="^[a-z][a-z0-9_]*$")]
State = Literal["open", "resolved"]
Action = Annotated[str, Field(max_length=40, pattern="^[a-z][a-z_]*$")]
As = Literal["succeeded", "failed"]
Evidence = Annotated[str, Field(min_length=3, max_length=1000)]
Count = Annotated[int, Field(ge=0)]

ExceptionView = TypedDict(
    "ExceptionView",
    {
        "exception_id": ExceptionId,
        "version": Annotated[int, Field(ge=1)],
        "class": Class,
        "code": Cause,
        "subject": Text200,
        "owner": Role,
        "severity": Literal["low", "medium", "high", "critical"],
        "state": State,
        "opened_at": Moment,
        "due_at": Moment,
        "occurrences": Annotated[int, Field(ge=1)],
        "evidence": dict[str, Any],
        "allowed_actions": Annotated[list[Action], Field(max_length=16)],
        "resolved_at": NotRequired[Moment],
        "resolution": NotRequired[dict[str, Any]],
    },
)
with_config(CLOSED)(ExceptionView)


@with_config(CLOSED)
class ExceptionPage(TypedDict):
    exceptions: Annotated[list[ExceptionView], Field(max_length=200)]
    next_page_token: Annotated[str, Field(max_length=1024)]


ActionBody = TypedDict(
    "ActionBody",
    {"action": Action, "evidence": Evidence, "as": NotRequired[As], "reference": NotRequired[Text200]},
)
with_config(CLOSED)(ActionBody)

BulkBody = TypedDict(
    "BulkBody",
    {
        "class": Class,
        "code": Cause,
        "action": Action,
        "evidence": Evidence,
        "as": NotRequired[As],
        "limit": NotRequired[Annotated[int, Field(ge=1, le=1000)]],
        "expected": NotRequired[Annotated[int, Field(ge=0, le=1_000_000)]],
    },
)
with_config(CLOSED)(BulkBody)


@with_config(CLOSED)
class Outcome(TypedDict):
    exception_id: ExceptionId
    subject: Text200
    outcome: Literal["done", "refused"]
    code: NotRequired[Code]
    detail: NotRequired[str]


BulkResult = TypedDict(
    "BulkResult",
    {
        "class": Class,
        "code": Cause,
        "action": Action,
        "done": Count,
        "refused": Count,
        "left_open": Count,
        "outcomes": Annotated[list[Outcome], Field(max_length=1000)],
    },
)
with_config(CLOSED)(BulkResult)
