"""What the resources' answers have in common, and from the call to what it may see."""

from gateway.context import Call
from gateway.domain.access import Allow

JSON = "application/json"


def whose(call: Call) -> str | None:
    """The partner whose resources the policy lets the caller see; None: everybody's."""
    decision = next((d for d in reversed(call.decisions) if isinstance(d, Allow)), None)
    return None if decision is not None and decision.reach == "all" else call.caller.partner or ""
