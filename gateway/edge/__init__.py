"""1 · The edge: every request passes here, outermost stage first. Stages know the call, never each other."""

from starlette.middleware import Middleware

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock, Ticks
from gateway.edge.address_guard import AddressGuard, Failures
from gateway.edge.addresses import ClientAddress, Networks
from gateway.edge.authentication import Authentication, Credentials
from gateway.edge.authorization import Authorization
from gateway.edge.contract import Contract
from gateway.edge.idempotency import Idempotency
from gateway.edge.limits import PATIENCE, Limits
from gateway.edge.measures import Measures
from gateway.edge.operation import FindOperation
from gateway.edge.problems import Problems
from gateway.edge.quota import Quota
from gateway.edge.telemetry import Telemetry
from gateway.governance.bundle import Bundle
from gateway.ports import Counters
from observability.metrics import EdgeMetrics

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
    metrics: EdgeMetrics,
    patience: float = PATIENCE,
    trusted: Networks = (),
) -> list[Middleware]:
    failures = Failures(bundle.quotas.addresses, ticks)
    return [
        Middleware(Problems, public=public),  # first in, last out: it must see every error
        Middleware(ClientAddress, trusted=trusted),  # before anybody counts by address
        Middleware(  # refused requests are told of, too
            Telemetry, clock=clock, mint=mint, answered=failures.note, measures=Measures(metrics, bundle)
        ),
        Middleware(FindOperation, contracts=bundle.contracts),  # which promise is this a call of
        Middleware(Limits, patience=patience),  # before anything reads the body
        Middleware(
            AddressGuard, failures=failures, refused=metrics.address_refused
        ),  # guessing costs: before anybody checks a signature
        Middleware(Authentication, credentials=credentials),
        Middleware(Quota, quotas=bundle.quotas, counters=counters),  # fair, now we know the caller
        Middleware(Authorization, access=bundle.access),  # before a word of the body is believed, and before a replay
        Middleware(Contract, contracts=bundle.contracts),  # what is not valid needs no key
        Middleware(Idempotency, database=credentials.database),  # last: its key stands for a request known to be good
    ]
