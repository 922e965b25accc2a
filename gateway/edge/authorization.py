"""May the caller do this? Governance decides; the decision stays with the call for whoever records it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import call_of
from gateway.domain.access import Deny
from gateway.governance.access import Access, Facts
from gateway.refusals import Forbidden, InsufficientScope


class Authorization:
    """Denies by default: whoever is authenticated needs a rule that allows."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        assert call.operation is not None, "the operation stage has run"
        if call.operation.authentication in ("bearer", "signature"):
            decision = self.access.decide(Facts.of(call.caller, call.operation.action))
            call.decisions.append(decision)
            if isinstance(decision, Deny):
                _refuse(decision)
        await self.app(scope, receive, send)


def _refuse(decision: Deny) -> None:
    detail = f"the rule '{decision.rule}' denies it: {decision.reason}"
    if decision.missing_scope:
        raise InsufficientScope(detail, scope=decision.missing_scope, rule=decision.rule)
    raise Forbidden(detail, rule=decision.rule)
