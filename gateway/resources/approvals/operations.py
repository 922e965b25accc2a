"""What the operations of Approvals v1 take and answer, for the app's own schema."""

from gateway.resources.approvals.schemas import ApprovalId, ApprovalPage, ApprovalView, DecisionBody, Kind, Status
from gateway.resources.described import IDEMPOTENCY_KEY, PAGING, Described, described, json_body, parameter
from gateway.resources.shapes import Text200

_APPROVAL_ID = parameter("path", "approval_id", ApprovalId, required=True)

LIST_APPROVALS = described(
    "list_approvals",
    answer=(200, ApprovalPage),
    parameters=(
        *PAGING,
        parameter("query", "status", Status),
        parameter("query", "kind", Kind),
        parameter("query", "subject", Text200),
        parameter("query", "mine", bool),
    ),
)
GET_APPROVAL = described("get_approval", answer=(200, ApprovalView), problems=(404,), parameters=(_APPROVAL_ID,))


def _deciding(operation_id: str) -> Described:
    return described(
        operation_id,
        answer=(200, ApprovalView),
        problems=(404, 409),
        parameters=(_APPROVAL_ID, IDEMPOTENCY_KEY),
        body=json_body(DecisionBody, required=True),
    )


APPROVE_APPROVAL = _deciding("approve_approval")
REJECT_APPROVAL = _deciding("reject_approval")
