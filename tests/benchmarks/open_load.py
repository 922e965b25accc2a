"""
An open load, a process of its own on bare sockets: requests are sent when they are due, whether or not the ones before
are answered, and latency counts from when they were due. Reads a plan as JSON from stdin, prints what it saw as JSON.
"""

import json
import select
import socket
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from random import Random
from statistics import quantiles
from time import perf_counter, process_time
from typing import Any

from tests.benchmarks.order import CHANNEL, Requests

_PATIENCE = 40.0  # seconds after the last request: the edge itself gives up before


@dataclass(slots=True)
class Stream:
    """Requests of one kind and partner, and what became of them."""

    name: str
    rate: float
    kind: str  # order | list
    token: str
    channel: str = CHANNEL
    first: int = 0
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    good: list[tuple[float, float]] = field(default_factory=list)  # when it was due, seconds until the answer
    refused: list[float] = field(default_factory=list)

    def dues(self, seconds: float, dice: Random) -> Iterator[tuple[float, "Stream"]]:
        """Independent callers: the pauses between them are exponential."""
        due = dice.expovariate(self.rate) if self.rate else seconds
        while due < seconds:
            yield due, self
            due += dice.expovariate(self.rate)

    def note(self, status: str, due: float, taken: float) -> None:
        self.statuses[status] += 1
        if status.startswith("2"):
            self.good.append((due, taken))
        elif status in ("429", "503"):
            self.refused.append(taken)

    def told(self, seconds: float) -> dict[str, Any]:
        taken = [each for _, each in self.good]
        by_second: list[list[float]] = [[] for _ in range(int(seconds) + 1)]
        for due, each in self.good:
            by_second[int(due)].append(each)
        return {
            "sent": self.sent,
            "statuses": self.statuses,
            "good": len(taken),
            "p50": _cut(taken, 50),
            "p99": _cut(taken, 99),
            "refused_p50": _cut(self.refused, 50),
            "refused_p99": _cut(self.refused, 99),
            "series": [[len(each), _cut(each, 99)] for each in by_second[: int(seconds)]],
        }


@dataclass(slots=True)
class Connection:
    socket: socket.socket
    stream: Stream
    due: float = 0.0
    answer: bytes = b""


class OpenLoad:
    """At most *most* connections; what finds none free waits here, and its latency goes on counting."""

    def __init__(self, port: int, streams: list[Stream], *, most: int) -> None:
        self.port, self.most = port, most
        self.poll = select.epoll()
        self.open: dict[int, Connection] = {}
        self.free: list[Connection] = []
        self.waiting: deque[tuple[float, Stream]] = deque()
        self.late: list[float] = []
        self.reconnected = 0
        self.begun = 0.0
        self._requests = {stream.name: _requests(stream, port) for stream in streams}

    def run(self, dues: Iterator[tuple[float, Stream]], *, seconds: float) -> None:
        self.begun = perf_counter()
        upcoming = next(dues, None)
        while True:
            now = perf_counter() - self.begun
            while upcoming is not None and upcoming[0] <= now:
                self.late.append(now - upcoming[0])
                self._send(*upcoming)
                upcoming = next(dues, None)
            busy = len(self.open) > len(self.free)
            if (upcoming is None and not busy) or now > seconds + _PATIENCE:
                return
            pause = 0.05 if upcoming is None else max(0.0, upcoming[0] - (perf_counter() - self.begun))
            for descriptor, _ in self.poll.poll(pause):
                self._receive(self.open[descriptor])

    def _send(self, due: float, stream: Stream) -> None:
        if not self.free and len(self.open) < self.most:
            self._connect(stream)
        if not self.free:
            self.waiting.append((due, stream))
            return
        connection = self.free.pop()
        connection.stream, connection.due, connection.answer = stream, due, b""
        stream.sent += 1
        connection.socket.sendall(next(self._requests[stream.name]))

    def _receive(self, connection: Connection) -> None:
        try:
            received = connection.socket.recv(65536)
        except ConnectionError:  # cut off: as if it had ended
            received = b""
        connection.answer += received
        if received and not _complete(connection.answer):
            return
        if connection not in self.free:
            status = connection.answer[9:12].decode() or "closed"
            connection.stream.note(status, connection.due, perf_counter() - self.begun - connection.due)
            self.free.append(connection)
        if not received or b"\r\nconnection: close" in connection.answer:
            self._close(connection)
        if self.waiting and (self.free or len(self.open) < self.most):
            self._send(*self.waiting.popleft())

    def _connect(self, stream: Stream) -> None:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poll.register(opened.fileno(), select.EPOLLIN)
        self.free.append(Connection(opened, stream))
        self.open[opened.fileno()] = self.free[-1]

    def _close(self, connection: Connection) -> None:
        self.reconnected += 1
        self.poll.unregister(connection.socket.fileno())
        self.free.remove(connection)
        self.open.pop(connection.socket.fileno()).socket.close()


def _requests(stream: Stream, port: int) -> Iterator[bytes]:
    number = stream.first
    orders = Requests(port=port, token=stream.token)
    head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {stream.token}\r\nAccept: application/json\r\n\r\n"
    listed = f"GET /v1/orders?page_size=50 HTTP/1.1\r\n{head}".encode()
    while True:
        number += 1
        if stream.kind == "list":
            yield listed
        else:
            yield orders.make(number).replace(CHANNEL.encode(), stream.channel.encode())


def _complete(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = answer.lower().find(b"\r\ncontent-length:", 0, head)
    length = int(answer[at + 17 : answer.find(b"\r\n", at + 2)]) if at >= 0 else 0
    return len(answer) >= head + 4 + length


def _cut(values: list[float], percentile: int) -> float:
    """Milliseconds."""
    if len(values) < 2:
        return values[0] * 1000 if values else 0.0
    return quantiles(values, n=100)[percentile - 1] * 1000


def main(plan: dict[str, Any]) -> dict[str, Any]:
    streams = [Stream(**stream) for stream in plan["streams"]]
    load = OpenLoad(plan["port"], streams, most=plan["connections"])
    seconds: float = plan["seconds"]
    dues = merge(*(stream.dues(seconds, Random(place)) for place, stream in enumerate(streams)), key=lambda due: due[0])
    busy = process_time()
    load.run(dues, seconds=seconds)
    return {
        "streams": {stream.name: stream.told(seconds) for stream in streams},
        "busy": (process_time() - busy) / (perf_counter() - load.begun),
        "late_p99": _cut(load.late, 99),
        "unsent": len(load.waiting),
        "connections": len(load.open),
        "reconnected": load.reconnected,
    }


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
