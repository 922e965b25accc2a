"""What is refused of decisions about approvals: a part of the tree drawn in `gateway/errors.py`."""

from gateway.refusals import Conflict, Forbidden


class ApprovalSuperseded(Conflict):
    """What was to be approved is not what it was."""

    status, code = 409, "approval_superseded"


class AlreadyDecided(Conflict):
    """The approval has been decided."""

    status, code = 409, "already_decided"


class SelfApprovalForbidden(Forbidden):
    """Nobody decides what they asked for."""

    status, code = 403, "self_approval_forbidden"


class NotInChain(Forbidden):
    """The step is not theirs to decide."""

    status, code = 403, "not_in_chain"
