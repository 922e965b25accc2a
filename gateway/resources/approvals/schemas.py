"""The wire format of Approvals v1, as types: closed, like the contract."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.approvals import ApprovalState, Verdict
from gateway.resources.shapes import CLOSED, Moment, Role, Text64, Text200

ApprovalId = Annotated[str, Field(pattern="^apr_[0-9A-HJKMNP-TV-Z]{26}$")]
Kind = Annotated[str, Field(max_length=40, pattern="^[a-z][a-z_]*$")]
ContentHash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Reason = Annotated[str, Field(min_length=3, max_length=500)]
Status = ApprovalState


@with_config(CLOSED)
class Money(TypedDict):
    amount: Annotated[int, Field(ge=0, le=2**53 - 1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


@with_config(CLOSED)
class DecisionView(TypedDict):
    verdict: Verdict
    by: Text64
    reason: Reason
    at: Moment


@with_config(CLOSED)
class StepView(TypedDict):
    role: Role
    minutes: Annotated[int, Field(ge=1)]
    passed_on_from: NotRequired[Role]
    due_at: NotRequired[Moment]
    decision: NotRequired[DecisionView]


@with_config(CLOSED)
class ApprovalView(TypedDict):
    approval_id: ApprovalId
    kind: Kind
    subject: Text200
    content: dict[str, Any]
    content_hash: ContentHash
    amount: Money
    asked_by: Text64
    operator: NotRequired[Text64]
    status: Status
    steps: Annotated[list[StepView], Field(max_length=8)]
    by_policy: bool
    created_at: Moment
    decided_at: NotRequired[Moment]
    allowed_actions: Annotated[list[Literal["approve", "reject"]], Field(max_length=2)]


@with_config(CLOSED)
class ApprovalPage(TypedDict):
    approvals: Annotated[list[ApprovalView], Field(max_length=200)]
    next_page_token: Annotated[str, Field(max_length=1024)]


@with_config(CLOSED)
class DecisionBody(TypedDict):
    reason: Reason
    content_hash: ContentHash
