"""The contract is the law at run time: requests are read strictly and checked, and so is every answer of ours."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import Call, call_of
from gateway.domain.operation import Operation
from gateway.edge.fields import single, text
from gateway.edge.quota import REPLAYED
from gateway.governance.contracts import Contracts


class Contract:
    """Leaves query and body, parsed and valid, in the call; lets no broken answer out."""

    def __init__(self, app: ASGIApp, *, contracts: Contracts) -> None:
        self.app = app
        self.contracts = contracts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        assert call.operation is not None, "the operation stage has run"
        await self._read_request(scope, call, call.operation)
        checks = AnswerChecks(self.contracts, call.operation)
        call.check_answer = checks.check
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(scope, receive, keep)
        checks.check_unless_checked(answer)
        for message in answer:
            await send(message)

    async def _read_request(self, scope: Scope, call: Call, operation: Operation) -> None:
        assert call.read_body is not None, "the limits stage has run"
        checked = self.contracts.check_request(
            operation,
            path_parameters=call.path_parameters,
            query=scope["query_string"],
            headers=text(scope["headers"]),
            content_type=single(scope["headers"], b"content-type"),
            body=b"" if operation.body == "none" else await call.read_body(),
        )
        call.query, call.body = checked.query, checked.body


class AnswerChecks:
    """Checks answers of one call, each once: what `accept` has had checked before its commit is not read again."""

    def __init__(self, contracts: Contracts, operation: Operation) -> None:
        self._contracts = contracts
        self._operation = operation
        self._checked: tuple[int, bytes] | None = None

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._contracts.check_answer(self._operation, status, headers, body)
        self._checked = (status, body)

    def check_unless_checked(self, answer: list[Message]) -> None:
        start, *parts = answer
        if REPLAYED in start["headers"]:  # checked when it was first given; a promise is not taken back
            return
        body = parts[0].get("body", b"") if len(parts) == 1 else b"".join(part.get("body", b"") for part in parts)
        if self._checked != (start["status"], body):
            self.check(start["status"], text(start["headers"]), body)
