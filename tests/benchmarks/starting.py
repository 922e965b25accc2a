"""P9: from the start of `omnigate serve` to its first 200 of `/readyz`, the database being there."""

import time
import urllib.error
import urllib.request

from tests.benchmarks.figures import Findings, Row, goal, middle
from tests.benchmarks.gate import installation
from tests.benchmarks.processes import free_port, omnigate, running

_PATIENCE = 60.0


def measure(*, rounds: int) -> Findings:
    taken = []
    with installation() as gate:  # its own edge has been started before: what a cold disk costs is not counted
        for _ in range(rounds):
            port = free_port()
            env = {**gate.env, "OMNIGATE_PORT": str(port)}
            begun = time.perf_counter()
            with running(*omnigate("serve"), env=env, log=gate.home / "started.log"):
                _await(f"http://127.0.0.1:{port}/readyz", begun)
                taken.append(time.perf_counter() - begun)
    told = f"{middle(taken):.2f} s ({min(taken):.2f}–{max(taken):.2f})"
    row = Row("P9 `omnigate serve` is ready", told, "", *goal(middle(taken), "<= 3 s", at_most=3))
    return Findings([row], [f"P9: {rounds} starts beside an idle edge on the same database, asked every 10 ms."])


def _await(url: str, begun: float) -> None:
    while time.perf_counter() - begun < _PATIENCE:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.01)
        else:
            return
    raise SystemExit(f"{url} was not ready after {_PATIENCE:.0f} s")
