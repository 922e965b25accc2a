"""
What a process counts of itself: instruments over prometheus-client, in a registry of the process's own.

Every value of a label comes from our contracts, policies or code: never a caller's text, an address, a path or an id.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector

from observability.sampled import Sampled

NO_OPERATION = "none"  # nothing in the contracts was called
NO_CODE = "none"  # no problem was answered

_REQUEST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CALL = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

# name -> what it tells, its labels
_COUNTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "omnigate_http_requests_total": (
        "Requests answered, by operation, status and problem code.",
        ("operation", "status", "code"),
    ),
    "omnigate_http_request_duration_seconds": (
        "From a request's head to the end of its answer.",
        ("operation",),
    ),
    "omnigate_idempotent_replays_total": (
        "Answers that were given before and are given again for their key.",
        ("operation",),
    ),
    "omnigate_quota_refusals_total": (
        "Requests refused because a budget of the caller's plan was spent; once for each budget spent.",
        ("plan", "budget"),
    ),
    "omnigate_http_requests_not_taken_total": (
        "Requests refused before any stage saw them, by problem code.",
        ("code",),
    ),
    "omnigate_address_guard_refusals_total": (
        "Requests refused because too many of their address had failed.",
        (),
    ),
    "omnigate_back_end_calls_total": (
        "Calls to back ends for workflows: what was asked (do, undo, find, look) and how it ended.",
        ("system", "operation", "call", "outcome"),
    ),
    "omnigate_back_end_call_duration_seconds": (
        "From a call's first wait for a connection to its outcome.",
        ("system", "operation"),
    ),
    "omnigate_changes_pages_total": (
        "Pages of changes asked of systems that cannot call us, and how that ended: read, failed.",
        ("system", "outcome"),
    ),
    "omnigate_back_end_refusals_total": (
        "Calls that were not sent, to spare the back end: by system and by what refused.",
        ("system", "why"),
    ),
    "omnigate_back_end_breaker_opened_total": ("Times calls in a row found a back end in trouble.", ("system",)),
    "omnigate_worker_claimed_runs_total": ("Times a run was taken up.", ()),
    "omnigate_worker_crashed_runs_total": ("Times our own code failed on a run.", ()),
    "omnigate_worker_parked_runs_total": ("Runs parked for an operator, by cause.", ("cause",)),
    "omnigate_worker_ended_runs_total": ("Runs that ended, by saga and outcome.", ("saga", "outcome")),
}


class ProcessMetrics:
    """What every process of ours tells: who it is, what it uses, how late its event loop is, and what is sampled."""

    def __init__(self, role: str, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, which nobody asks for
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Info("omnigate_build", "Which process this is.", registry=self.registry)
        build.info({"role": role, "version": version})
        self.loop_lag = Histogram(
            "omnigate_event_loop_lag_seconds",
            "How much later than due the event loop came round.",
            buckets=_LAG,
            registry=self.registry,
        )
        self.sampled = Sampled()
        self.registry.register(self.sampled)


class EdgeMetrics:
    """What an edge counts. Told by the stages; costs each request a few microseconds."""

    def __init__(self, version: str = "") -> None:
        self.process = ProcessMetrics("edge", version)
        registry = self.process.registry
        self._in_flight = 0
        self._answers = _Counters("omnigate_http_requests_total", registry)
        self._durations = _Histograms("omnigate_http_request_duration_seconds", registry, buckets=_REQUEST)
        self._replays = _Counters("omnigate_idempotent_replays_total", registry)
        self._quota_refusals = _Counters("omnigate_quota_refusals_total", registry)
        self._not_taken = _Counters("omnigate_http_requests_not_taken_total", registry)
        self._guarded = _Counters("omnigate_address_guard_refusals_total", registry).of()
        in_flight = Gauge("omnigate_http_requests_in_flight", "Requests being served.", registry=registry)
        in_flight.set_function(lambda: self._in_flight)

    def expect(
        self, *, operations: Iterable[str], budgets: Iterable[tuple[str, str]], not_taken: Iterable[str]
    ) -> None:
        """Begin these series at nought, so that their first count is seen as a change."""
        for operation in operations:
            self._durations.of(operation)
        for budget in budgets:
            self._quota_refusals.of(*budget)
        for code in not_taken:
            self._not_taken.of(code)

    def begun(self) -> None:
        self._in_flight += 1

    def ended(self, operation: str, status: int, code: str, seconds: float) -> None:
        """Told once for everything that `begun` was told of."""
        self._in_flight -= 1
        self._answers.of(operation, status, code).inc()
        self._durations.of(operation).observe(seconds)

    def replayed(self, operation: str) -> None:
        self._replays.of(operation).inc()

    def quota_refused(self, plan: str, budget: str) -> None:
        self._quota_refusals.of(plan, budget).inc()

    def not_taken(self, code: str, count: int = 1) -> None:
        """For whoever refuses in front of the stages: shed load, heads without end, too many connections."""
        self._not_taken.of(code).inc(count)

    def address_refused(self) -> None:
        self._guarded.inc()


class BackEndMetrics:
    """What is not sent, to spare a back end, and which of them are left alone just now."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._refusals = _Counters("omnigate_back_end_refusals_total", registry)
        self._opened = _Counters("omnigate_back_end_breaker_opened_total", registry)
        tells = "1 while a back end is left alone because calls in a row found it in trouble."
        self._open = Gauge("omnigate_back_end_breaker_open", tells, ("system",), registry=registry)

    def watch(self, system: str, is_open: Callable[[], bool]) -> None:
        self._open.labels(system).set_function(lambda: float(is_open()))
        self._opened.of(system)

    def refused(self, system: str, why: str) -> None:
        self._refusals.of(system, why).inc()

    def opened(self, system: str) -> None:
        self._opened.of(system).inc()


class WorkerMetrics:
    """What a worker counts: the runs it takes up, how they are put down, and the calls made for them."""

    def __init__(self, version: str = "") -> None:
        self.process = ProcessMetrics("worker", version)
        registry = self.process.registry
        self.back_ends = BackEndMetrics(registry)
        self._calls = _Counters("omnigate_back_end_calls_total", registry)
        self._durations = _Histograms("omnigate_back_end_call_duration_seconds", registry, buckets=_CALL)
        self._pages = _Counters("omnigate_changes_pages_total", registry)
        self._claimed = _Counters("omnigate_worker_claimed_runs_total", registry).of()
        self._crashed = _Counters("omnigate_worker_crashed_runs_total", registry).of()
        self._parked = _Counters("omnigate_worker_parked_runs_total", registry)
        self._ended = _Counters("omnigate_worker_ended_runs_total", registry)
        self._held = Gauge("omnigate_worker_held_runs", "Runs this worker holds.", registry=registry)
        self._slots = Gauge("omnigate_worker_slots", "Runs this worker can hold.", registry=registry)

    def holds(self, held: Callable[[], int], *, slots: int) -> None:
        self._held.set_function(held)
        self._slots.set(slots)

    def called(self, system: str, operation: str, *, call: str, outcome: str, seconds: float) -> None:
        self._calls.of(system, operation, call, outcome).inc()
        self._durations.of(system, operation).observe(seconds)

    def asked(self, system: str, outcome: str) -> None:
        self._pages.of(system, outcome).inc()

    def claimed(self, runs: int) -> None:
        self._claimed.inc(runs)

    def crashed(self) -> None:
        self._crashed.inc()

    def parked(self, cause: str) -> None:
        self._parked.of(cause).inc()

    def ended(self, saga: str, outcome: str) -> None:
        """The order's own run, and one of each of its parts."""
        self._ended.of(saga, outcome).inc()


class _Counters:
    """A counter's children, each looked up in the library once; the counter itself where it has no labels."""

    def __init__(self, name: str, registry: CollectorRegistry) -> None:
        tells, labels = _COUNTED[name]
        self._parent = Counter(name, tells, labels, registry=registry)
        self._known: dict[tuple[object, ...], Counter] = {} if labels else {(): self._parent}

    def of(self, *values: object) -> Counter:
        child = self._known.get(values)
        if child is None:
            child = self._known[values] = self._parent.labels(*values)
        return child


class _Histograms:
    """A histogram's children, likewise."""

    def __init__(self, name: str, registry: CollectorRegistry, *, buckets: tuple[float, ...]) -> None:
        tells, labels = _COUNTED[name]
        self._parent = Histogram(name, tells, labels, buckets=buckets, registry=registry)
        self._known: dict[tuple[str, ...], Histogram] = {}

    def of(self, *values: str) -> Histogram:
        child = self._known.get(values)
        if child is None:
            child = self._known[values] = self._parent.labels(*values)
        return child
