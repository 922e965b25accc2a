"""Answers as the load generator sees them: when they are complete, how long they took, what they say."""

import re
import socket
from collections import Counter
from dataclasses import dataclass, field

SILENCE = 20.0  # seconds without any answer: something is broken
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Connection:
    socket: socket.socket
    sent: float = 0.0
    answer: bytes = b""


@dataclass(slots=True)
class Tally:
    """What is counted: answers between the end of the warming up and the deadline."""

    counts_from: float
    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    last: float = 0.0

    def note(self, status: str, sent: float, now: float) -> None:
        if now >= self.counts_from:
            self.statuses[status] += 1
            self.latencies.append(now - sent)
            self.last = now


def complete(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = _LENGTH.search(answer, 0, head)
    return len(answer) >= head + 4 + (int(length[1]) if length else 0)
