"""What every run is performed with."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock
from gateway.ports import BackEnds, Manifest
from gateway.store.change_feeds import Books, counts_only
from gateway.store.pool import Database
from observability.metrics import WorkerMetrics


@dataclass(frozen=True, slots=True)
class Tools:
    """What every performance needs, put together once."""

    database: Database
    back_ends: BackEnds
    clock: Clock
    mint: Mint
    dice: Callable[[], float] = random.random
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    books: Books = counts_only

    def manifests(self) -> Mapping[str, Manifest]:
        """What each back end promises, by its name in the steps."""
        return {name: port.manifest for name, port in self.back_ends.present.items()}
