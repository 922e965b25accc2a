"""1 · The edge: every request passes here, outermost stage first. Stages know the call, never each other."""

from collections.abc import Mapping

from starlette.middleware import Middleware

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock, Ticks
from gateway.edge.address_guard import AddressGuard, Failures
from gateway.edge.authentication import Authentication, Credentials
from gateway.edge.authorization import Authorization
from gateway.edge.contract import Contract
from gateway.edge.dispatch import Dispatch, Function
from gateway.edge.idempotency import Idempotency
from gateway.edge.limits import PATIENCE, Limits
from gateway.edge.operation import FindOperation
from gateway.edge.problems import Problems
from gateway.edge.quota import Quota
from gateway.edge.telemetry import Telemetry
from gateway.governance.bundle import Bundle
from gateway.ports import Counters

__all__ = ["stages"]


def stages(
    *,
    bundle: Bundle,
    credentials: Credentials,
    counters: Counters,
    ticks: Ticks,
    clock: Clock,
    mint: Mint,
    public: str,
    functions: Mapping[str, Function],
    patience: float = PATIENCE,
) -> list[Middleware]:
    failures = Failures(bundle.quotas.addresses, ticks)
    return [
        Middleware(Problems, public=public),  # first in, last out: it must see every error
        Middleware(Telemetry, clock=clock, mint=mint, answered=failures.note),  # refused requests are told of, too
        Middleware(FindOperation, contracts=bundle.contracts),  # which promise is this a call of
        Middleware(Limits, patience=patience),  # before anything reads the body
        Middleware(AddressGuard, failures=failures),  # guessing costs: before anybody checks a signature
        Middleware(Authentication, credentials=credentials),
        Middleware(Quota, quotas=bundle.quotas, counters=counters),  # fair, now we know the caller
        Middleware(Authorization, access=bundle.access),  # before a word of the body is believed, and before a replay
        Middleware(Contract, contracts=bundle.contracts),  # what is not valid needs no key
        Middleware(Idempotency, database=credentials.database),  # last: its key stands for a request known to be good
        Middleware(Dispatch, functions=functions),  # no stage but the way to the route
    ]
