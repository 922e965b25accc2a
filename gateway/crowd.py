"""Who is connected: how many at once, how many from one address, and who has to go when there is no room left."""

from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from gateway.edge.addresses import Networks, belongs, network

YOUTH = 0.5  # seconds in which a debt is nobody's fault


class Connection(Protocol):
    def make_room(self) -> None:
        """Go, at once and without a word."""


class Welcome(Enum):
    """What a newcomer is to be told."""

    WARM = auto()
    TOO_MANY_OF_ONE = auto()
    NO_ROOM = auto()  # everybody inside is being answered


class Crowd:
    """The connections of one server.

    Whoever is being answered stays. Those who owe us something (a head, a body, any request at all) stand in the order
    in which their debts began; when the place is full, the first of them make room for whoever comes. Debts of a moment
    ago are overlooked, so that a rush does not sweep away who has just come; twice as many as may be are the very most.
    """

    def __init__(
        self,
        *,
        most: int,
        most_from_one: int,
        ticks: Callable[[], float],
        trusted: Networks = (),
        youth: float = YOUTH,
    ) -> None:
        self._most, self._most_from_one = most, most_from_one
        self._ticks, self._youth = ticks, youth
        self._trusted = trusted
        self._from: Counter[str] = Counter()
        self._inside: dict[Connection, str] = {}
        self._owing: dict[Connection, float] = {}  # since when

    def trusts(self, address: str) -> bool:
        return belongs(address, self._trusted)

    def enter(self, connection: Connection, address: str) -> Welcome:
        """Count the connection. Proxies that we trust bring many people's."""
        whose = network(address)
        self._from[whose] += 1
        if self._from[whose] > self._most_from_one and not self.trusts(address):
            welcome = Welcome.TOO_MANY_OF_ONE
        else:
            self._make_room()
            welcome = Welcome.WARM if len(self._inside) < self._most or self._owing else Welcome.NO_ROOM
        self._inside[connection] = whose
        self._owing[connection] = self._ticks()
        return welcome

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
            if self._ticks() - since < self._youth and len(self._inside) < 2 * self._most:
                return
            self.leave(slowest)
            slowest.make_room()
