"""
The load generator, a process of its own: a closed loop over a few connections, on bare sockets so that it is never the
bottleneck. Reads a plan as JSON from stdin, prints what it saw as JSON.
"""

import json
import select
import socket
import sys
from statistics import quantiles
from time import perf_counter, process_time, time
from typing import Any

from tests.benchmarks.answers import SILENCE, Connection, Tally, complete
from tests.benchmarks.pace import Pace
from tests.benchmarks.traffic import Traffic, traffic


class Load:
    """Every connection sends its next request when the answer to the last one is complete."""

    def __init__(self, *, port: int, requests: Traffic, numbers: range) -> None:
        self.port, self.requests, self.numbers = port, requests, iter(numbers)
        self.poll = select.epoll()
        self.open: dict[int, Connection] = {}

    def run(self, connections: int, *, warm_up: float, seconds: float) -> Tally:
        begun = perf_counter()
        until = begun + warm_up + seconds
        tally = Tally(begun + warm_up)
        for _ in range(connections):
            self._connect()
        while self.open:
            ready = self.poll.poll(SILENCE)
            if not ready:
                raise SystemExit(f"nothing answered for {SILENCE:.0f} s")
            for descriptor, _ in ready:
                self._receive(descriptor, until, tally)
        return tally

    def _receive(self, descriptor: int, until: float, tally: Tally) -> None:
        connection = self.open[descriptor]
        received = connection.socket.recv(65536)
        connection.answer += received
        now = perf_counter()
        if received and not complete(connection.answer):
            return
        tally.note(connection.answer[9:12].decode() or "closed", connection.sent, now)
        if received and now < until:
            self._send(connection)
            return
        self._close(descriptor)
        if now < until:
            self._connect()

    def _connect(self) -> None:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poll.register(opened.fileno(), select.EPOLLIN)
        self.open[opened.fileno()] = Connection(opened)
        self._send(self.open[opened.fileno()])

    def _send(self, connection: Connection) -> None:
        number = next(self.numbers, None)
        if number is None:
            self._close(connection.socket.fileno())
            return
        connection.answer = b""
        connection.sent = perf_counter()
        connection.socket.sendall(self.requests.make(number))

    def _close(self, descriptor: int) -> None:
        self.poll.unregister(descriptor)
        self.open.pop(descriptor).socket.close()


def generator(plan: dict[str, Any]) -> Load | Pace:
    where = {"port": plan["port"], "requests": traffic(plan)}
    numbers = range(plan["first"], plan["first"] + plan["count"])
    if "pace" in plan:
        return Pace(**where, numbers=numbers, pace=plan["pace"])
    return Load(**where, numbers=numbers)


def main(plan: dict[str, Any]) -> dict[str, Any]:
    load = generator(plan)
    began, busy = time(), process_time()
    tally = load.run(plan["connections"], warm_up=plan["warm_up"], seconds=plan["seconds"])
    cuts = quantiles(tally.latencies, n=100) if len(tally.latencies) > 1 else [0.0] * 99
    return {
        "began": began,
        "seconds": tally.last - tally.counts_from,
        "statuses": tally.statuses,
        "p50": cuts[49] * 1000,
        "p99": cuts[98] * 1000,
        "busy": (process_time() - busy) / (plan["warm_up"] + tally.last - tally.counts_from),
    }


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
