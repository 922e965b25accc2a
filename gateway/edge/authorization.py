"""May the caller do this? Governance decides; the decision stays with the call for whoever records it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import call_of
from gateway.domain.access import Deny
from gateway.governance.access import Access
from gateway.governance.decisions import on_arrival
from gateway.refusals import denied


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
        for decision in on_arrival(self.access, call.principal, call.operation):
            call.decisions.append(decision)
            if isinstance(decision, Deny):
                raise denied(decision)
        await self.app(scope, receive, send)
