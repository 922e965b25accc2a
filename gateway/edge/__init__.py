"""1 · The edge: every request passes here, outermost stage first. Stages know the call, never each other."""

from starlette.middleware import Middleware

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock, Ticks
from gateway.edge.address_guard import AddressGuard, Failures
from gateway.edge.authentication import Authentication, Credentials
from gateway.edge.authorization import Authorization
from gateway.edge.concurrency import Concurrency
from gateway.edge.contract import Contract
from gateway.edge.idempotency import Idempotency
from gateway.edge.limits import PATIENCE, Limits
from gateway.edge.operation import FindOperation
from gateway.edge.places import Places
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
    places: Places,
    ticks: Ticks,
    clock: Clock,
    mint: Mint,
    public: str,
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
        Middleware(Concurrency, places=places),  # before quota: to be told that there is no room costs none
        Middleware(Quota, quotas=bundle.quotas, counters=counters),  # fair, now we know the caller
        Middleware(Authorization, access=bundle.access),  # before a word of the body is believed, and before a replay
        Middleware(Contract, contracts=bundle.contracts),  # what is not valid needs no key
        Middleware(Idempotency, database=credentials.database),  # last: its key stands for a request known to be good
    ]
