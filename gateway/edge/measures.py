"""A request as the metrics count it: by what the contracts and policies call it, never by what its caller wrote."""

from collections.abc import Iterable

from gateway.context import Call
from gateway.edge.fields import Headers
from gateway.edge.quota import REPLAYED
from gateway.errors import GatewayError
from gateway.governance.bundle import Bundle
from gateway.refusals import QuotaExceeded
from observability.metrics import NO_CODE, NO_OPERATION, EdgeMetrics

NOT_TAKEN = (  # by the server, before the stages
    *("overloaded", "concurrency_exceeded", "too_many_requests"),
    *("request_timeout", "headers_too_large", "malformed"),
)


class Measures:
    """Told of every request twice: when it has begun, and when it has ended, however."""

    def __init__(self, metrics: EdgeMetrics, bundle: Bundle) -> None:
        self._metrics = metrics
        self._quotas = bundle.quotas
        budgets = ((name, budget.name) for name, plan in bundle.quotas.plans.items() for budget in plan.all_budgets)
        operations = (NO_OPERATION, *bundle.contracts.operations)
        metrics.expect(operations=operations, budgets=budgets, not_taken=NOT_TAKEN)
        self.begun = metrics.begun

    def ended(self, call: Call, status: int, seconds: float, *, headers: Headers, error: GatewayError | None) -> None:
        operation = call.operation.id if call.operation else NO_OPERATION
        self._metrics.ended(operation, status, error.code if error else NO_CODE, seconds)
        if error is None:
            if call.idempotency is not None and REPLAYED in headers:
                self._metrics.replayed(operation)
        elif isinstance(error, QuotaExceeded):
            self._quota_refused(call, error.facts.get("violated_policies", ()))

    def _quota_refused(self, call: Call, budgets: Iterable[str]) -> None:
        plan = self._quotas.plan_of(call.caller).name
        for budget in budgets:
            self._metrics.quota_refused(plan, budget)
