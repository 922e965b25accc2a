"""Who is connected: how many at once, how many from one address, and who has to go when there is no room left."""

import time
from collections import Counter
from typing import Protocol

from gateway.domain.time import Ticks
from gateway.edge.addresses import Networks, belongs, network

MOST_CONNECTIONS = 1000
MOST_BEYOND = 1000  # in a rush, or to be told that there are too many; the next ones are cut off
YOUTH = 0.5  # seconds in which a debt is nobody's fault
MOST_FROM_ONE = 200  # connections of one address, unless it is a proxy's that we trust


class Connection(Protocol):
    def make_room(self) -> None:
        """Go, at once and without a word."""


class Crowd:
    """The connections of one server.

    Whoever is being answered stays. Those who owe us something (a head, a body, any request at all) stand in the order
    in which their debts began; when the place is full, the first of them make room for whoever comes. Debts of a moment
    ago are overlooked while there is room beyond, so that a rush does not sweep away who has just come.
    """

    def __init__(
        self,
        *,
        most: int,
        most_from_one: int,
        beyond: int = MOST_BEYOND,
        youth: float = YOUTH,
        trusted: Networks = (),
        ticks: Ticks = time.monotonic,
    ) -> None:
        self._most, self._very_most = most, most + beyond
        self._youth, self._ticks = youth, ticks
        self._most_from_one = most_from_one
        self._trusted = trusted
        self._from: Counter[str] = Counter()
        self._inside: dict[Connection, str] = {}
        self._owing: dict[Connection, float] = {}  # since when

    def trusts(self, address: str) -> bool:
        return belongs(address, self._trusted)

    @property
    def is_full(self) -> bool:
        """Nobody is left to make room: those who are being answered fill the place."""
        return len(self._inside) > self._most and len(self._inside) - len(self._owing) >= self._most

    @property
    def is_overfull(self) -> bool:
        return len(self._inside) > self._very_most

    def enter(self, connection: Connection, address: str) -> bool:
        """Count the connection; whether its address may have so many. Proxies we trust bring many people's."""
        whose = network(address)
        self._from[whose] += 1
        is_welcome = self._from[whose] <= self._most_from_one or self.trusts(address)
        if is_welcome:
            self._make_room()
        self._inside[connection] = whose
        self._owing[connection] = self._ticks()
        return is_welcome

    def owes(self, connection: Connection, *, something: bool) -> None:
        """An old debt keeps its place."""
        if not something:
            self._owing.pop(connection, None)
        elif connection in self._inside:
            self._owing.setdefault(connection, self._ticks())

    def leave(self, connection: Connection) -> None:
        self._owing.pop(connection, None)
        whose = self._inside.pop(connection, None)
        if whose is not None:
            self._from[whose] -= 1
            if not self._from[whose]:
                del self._from[whose]

    def _make_room(self) -> None:
        """For one more."""
        while len(self._inside) >= self._most and self._owing:
            slowest, since = next(iter(self._owing.items()))
            if self._ticks() - since < self._youth and len(self._inside) < self._very_most:
                return
            self.leave(slowest)
            slowest.make_room()
