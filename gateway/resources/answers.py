"""From a finished answer to what the edge sends, and from the call to what it may see."""

from collections.abc import Mapping

from starlette.responses import Response

from gateway.context import Call
from gateway.domain.access import Allow
from gateway.store.idempotency import Answer

JSON = "application/json"


def sent(answer: Answer) -> Response:
    replayed = {"idempotent-replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, {**answer.headers, **replayed})


def told(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, 200, headers, JSON)


def whose(call: Call) -> str | None:
    """The partner whose resources the policy lets the caller see; None: everybody's."""
    decision = next((d for d in reversed(call.decisions) if isinstance(d, Allow)), None)
    return None if decision is not None and decision.reach == "all" else call.caller.partner or ""
