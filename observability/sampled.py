"""What is not counted but looked at, just before a scrape: the database pool, and the installation as a whole."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_WHOLE = "Of the whole installation, the same from every process: take one, do not add."


class Pool(Protocol):
    """How the pool of database connections of this process fares."""

    @property
    def size(self) -> int: ...
    @property
    def most(self) -> int: ...
    @property
    def idle(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def requests(self) -> int: ...
    @property
    def waited(self) -> float: ...
    @property
    def refused(self) -> int: ...


class Reading(Protocol):
    """How far a system's changes have been read."""

    @property
    def since_read(self) -> float: ...
    @property
    def lag(self) -> float: ...


class Installation(Protocol):
    """What the database says about the work of all processes."""

    @property
    def queue_lag(self) -> float: ...
    @property
    def oldest_due_step(self) -> float: ...
    @property
    def runs(self) -> Mapping[str, int]: ...
    @property
    def parked(self) -> Mapping[str, int]: ...
    @property
    def changes(self) -> Mapping[str, Reading]: ...
    @property
    def exceptions(self) -> Mapping[str, int]: ...


class Sampled(Collector):
    """Tells what was shown to it last. What could not be read is absent, not old."""

    def __init__(self) -> None:
        self._pool: Pool | None = None
        self._installation: Installation | None = None
        self._looked = False

    def show(self, pool: Pool, installation: Installation | None) -> None:
        self._pool, self._installation, self._looked = pool, installation, True

    def collect(self) -> Iterator[Metric]:
        if self._pool is not None:
            yield from _pool(self._pool)
        if self._looked:
            up = self._installation is not None
            yield GaugeMetricFamily("omnigate_database_up", "1 when the database answers this process.", value=up)
        if self._installation is not None:
            yield from _installation(self._installation)


def _pool(pool: Pool) -> Iterator[Metric]:
    name = "omnigate_database_pool"
    yield GaugeMetricFamily(f"{name}_size", "Database connections that are open.", value=pool.size)
    yield GaugeMetricFamily(f"{name}_max_size", "Database connections that may be open.", value=pool.most)
    yield GaugeMetricFamily(f"{name}_idle", "Database connections that nobody uses.", value=pool.idle)
    yield GaugeMetricFamily(f"{name}_waiting", "Who waits for a database connection.", value=pool.waiting)
    yield CounterMetricFamily(f"{name}_requests", "Times a connection was asked for.", value=pool.requests)
    yield CounterMetricFamily(f"{name}_wait_seconds", "Time waited for a connection, in all.", value=pool.waited)
    yield CounterMetricFamily(f"{name}_errors", "Times none was given.", value=pool.refused)


def _installation(told: Installation) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "omnigate_queue_lag_seconds", f"How long the run that waits longest could have been taken up. {_WHOLE}",
        value=told.queue_lag,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "omnigate_oldest_due_step_seconds", f"How long ago the oldest step that is not settled was begun. {_WHOLE}",
        value=told.oldest_due_step,
    )  # fmt: skip
    runs = GaugeMetricFamily("omnigate_runs", f"Runs that have not ended, by state. {_WHOLE}", labels=["state"])
    for state, number in told.runs.items():
        runs.add_metric([state], number)
    yield runs
    parked = GaugeMetricFamily("omnigate_parked_runs", f"Runs that wait for an operator. {_WHOLE}", labels=["cause"])
    for cause, number in told.parked.items():
        parked.add_metric([cause], number)
    yield parked
    open_ = GaugeMetricFamily(
        "omnigate_open_exceptions", f"Exceptions that wait for a person. {_WHOLE}", labels=["class"]
    )
    for class_, number in told.exceptions.items():
        open_.add_metric([class_], number)
    yield open_
    yield from _changes(told.changes)


def _changes(readings: Mapping[str, Reading]) -> Iterator[Metric]:
    lag = GaugeMetricFamily(
        "omnigate_changes_lag_seconds",
        f"How long ago a system's changes were last read to their end. {_WHOLE}",
        labels=["system"],
    )
    read = GaugeMetricFamily(
        "omnigate_changes_since_read_seconds", f"How long ago a system's changes were last read at all. {_WHOLE}",
        labels=["system"],
    )  # fmt: skip
    for system, reading in readings.items():
        lag.add_metric([system], reading.lag)
        read.add_metric([system], reading.since_read)
    yield lag
    yield read
