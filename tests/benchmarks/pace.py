"""
The load generator at a pace of its own: requests are sent when they are due, whether or not others have been answered,
and an answer's time counts from the moment its request was due. So a server that halts is not spared the waiting.
"""

import select
import socket
from collections import deque
from collections.abc import Iterator
from random import Random
from time import perf_counter

from tests.benchmarks.answers import SILENCE, Connection, Tally, complete
from tests.benchmarks.traffic import Traffic

_MOST = 512  # connections; when all are busy a request waits for one, and its time is counted all the same


class Pace:
    """So many requests a second on average, at moments that do not know of each other (a Poisson process)."""

    def __init__(self, *, port: int, requests: Traffic, numbers: range, pace: float) -> None:
        self.port, self.requests, self.numbers, self.pace = port, requests, iter(numbers), pace
        self.idle: deque[Connection] = deque()
        self.busy: dict[int, Connection] = {}

    def run(self, connections: int, *, warm_up: float, seconds: float) -> Tally:
        self.idle.extend(self._connect() for _ in range(connections))
        begun = perf_counter()
        tally = Tally(begun + warm_up)
        for due in _moments(begun, begun + warm_up + seconds, self.pace):
            self._receive_until(due, tally, most_busy=_MOST - 1)
            self._send(due)
        self._receive_until(perf_counter(), tally, most_busy=0)
        return tally

    def _send(self, due: float) -> None:
        connection = self.idle.popleft() if self.idle else self._connect()
        if connection.socket in select.select([connection.socket], (), (), 0)[0]:  # it was idle for too long
            connection = self._connect()
        connection.answer, connection.sent = b"", due
        connection.socket.sendall(self.requests.make(next(self.numbers)))
        self.busy[connection.socket.fileno()] = connection

    def _receive_until(self, moment: float, tally: Tally, *, most_busy: int) -> None:
        """Until that moment, and for longer while more connections than that are busy."""
        while (left := moment - perf_counter()) > 0 or len(self.busy) > most_busy:
            ready, _, _ = select.select(
                list(self.busy), (), (), left if left > 0 else SILENCE
            )  # exact, as epoll is not
            if not ready and left <= 0:
                raise SystemExit(f"nothing answered for {SILENCE:.0f} s")
            for descriptor in ready:
                self._receive(descriptor, tally)

    def _receive(self, descriptor: int, tally: Tally) -> None:
        connection = self.busy[descriptor]
        received = connection.socket.recv(65536)
        connection.answer += received
        if received and not complete(connection.answer):
            return
        del self.busy[descriptor]
        tally.note(connection.answer[9:12].decode() or "closed", connection.sent, perf_counter())
        if received:
            self.idle.append(connection)
        else:
            connection.socket.close()

    def _connect(self) -> Connection:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(opened)


def _moments(begin: float, end: float, pace: float) -> Iterator[float]:
    dice, moment = Random(1), begin
    while (moment := moment + dice.expovariate(pace)) < end:
        yield moment
