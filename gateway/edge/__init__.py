"""1 · The edge: every request passes here, outermost stage first. Stages know the call, never each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.middleware import Middleware

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock, Ticks
from gateway.edge.address_guard import AddressGuard, Failures
from gateway.edge.addresses import ClientAddress, Networks
from gateway.edge.authentication import Authentication, Credentials
from gateway.edge.authorization import Authorization
from gateway.edge.concurrency import Concurrency
from gateway.edge.contract import Contract
from gateway.edge.dispatch import Dispatch, Function
from gateway.edge.idempotency import Idempotency
from gateway.edge.limits import PATIENCE, Limits
from gateway.edge.measures import Measures
from gateway.edge.operation import FindOperation
from gateway.edge.places import Places
from gateway.edge.problems import Problems
from gateway.edge.quota import Quota
from gateway.edge.telemetry import Telemetry
from gateway.governance.bundle import Bundle
from gateway.ports import Counters
from observability.metrics import EdgeMetrics

__all__ = ["Parts", "stages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the stages are made of, and share with routes and server."""

    bundle: Bundle
    credentials: Credentials
    counters: Counters
    places: Places
    ticks: Ticks
    clock: Clock
    mint: Mint
    public: str
    metrics: EdgeMetrics
    functions: Mapping[str, Function]
    patience: float = PATIENCE
    trusted: Networks = ()


def stages(parts: Parts) -> list[Middleware]:
    failures = Failures(parts.bundle.quotas.addresses, parts.ticks)
    return [
        Middleware(Problems, public=parts.public),  # first in, last out: it must see every error
        Middleware(ClientAddress, trusted=parts.trusted),  # before anybody counts by address
        Middleware(  # refused requests are told of, too
            Telemetry,
            clock=parts.clock,
            mint=parts.mint,
            answered=failures.note,
            measures=Measures(parts.metrics, parts.bundle),
        ),
        Middleware(FindOperation, contracts=parts.bundle.contracts),  # which promise is this a call of
        Middleware(Limits, patience=parts.patience),  # before anything reads the body
        Middleware(  # guessing costs: before anybody checks a signature
            AddressGuard, failures=failures, refused=parts.metrics.address_refused
        ),
        Middleware(Authentication, credentials=parts.credentials),
        Middleware(Concurrency, places=parts.places),  # before quota: to be told that there is no room costs none
        Middleware(Quota, quotas=parts.bundle.quotas, counters=parts.counters),  # fair, now we know the caller
        Middleware(Authorization, access=parts.bundle.access),  # before the body is believed, and before a replay
        Middleware(Contract, contracts=parts.bundle.contracts),  # what is not valid needs no key
        Middleware(Idempotency, database=parts.credentials.database),  # last: its key stands for a good request
        Middleware(Dispatch, functions=parts.functions),  # no stage but the way to the route
    ]
