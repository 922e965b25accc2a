"""Which promise is this a call of? Everything behind this stage is a call of exactly one operation."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import call_of
from gateway.edge.accept import admits
from gateway.edge.fields import combined
from gateway.governance.contracts import Contracts
from gateway.refusals import NotAcceptable

_JSON = ("application/json", "application/problem+json")
_PAGES = frozenset({"list_problems", "show_problem"})  # also for people, in HTML


class FindOperation:
    """Matches method and path; 404, 405 and 406 are answered here."""

    def __init__(self, app: ASGIApp, *, contracts: Contracts) -> None:
        self.app = app
        self.contracts = contracts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        matched = self.contracts.match(scope["method"], scope["path"])
        call.operation, call.path_parameters = matched.operation, matched.path_parameters
        accept = combined(scope["headers"], b"accept")
        offered = (*_JSON, "text/html") if matched.operation.id in _PAGES else _JSON
        if accept is not None and not any(admits(accept, kind) for kind in offered):
            raise NotAcceptable(f"the answer is {' or '.join(offered)}, and 'Accept' admits none of them")
        if scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
            return
        await self.app(scope, receive, send)


def _without_body(send: Send) -> Send:
    """Everything behind answers as to GET; only here the body is held back."""

    async def answer(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return answer
