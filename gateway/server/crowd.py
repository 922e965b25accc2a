"""Who is connected: how many at once, how many from one address, and who has to go when there is no room left."""

from collections import Counter
from typing import Protocol

from gateway.edge.addresses import Networks, belongs, network

MOST_CONNECTIONS = 1000
MOST_BEYOND = 250  # connections that are still told that there are too many; the next ones are cut off
MOST_FROM_ONE = 200  # connections of one address, unless it is a proxy's that we trust


class Connection(Protocol):
    def make_room(self) -> None:
        """Go, at once and without a word."""


class Crowd:
    """The connections of one server.

    Whoever is being answered stays. Those who owe us something (a head, a body, any request at all) stand in the order
    in which their debts began; when the place is full, the first of them makes room for whoever comes.
    """

    def __init__(self, *, most: int, most_from_one: int, trusted: Networks = ()) -> None:
        self._most = most
        self._most_from_one = most_from_one
        self._trusted = trusted
        self._from: Counter[str] = Counter()
        self._inside: dict[Connection, str] = {}
        self._owing: dict[Connection, None] = {}

    def trusts(self, address: str) -> bool:
        return belongs(address, self._trusted)

    @property
    def is_full(self) -> bool:
        """Everybody else is being answered, and whoever came last finds no room."""
        return len(self._inside) > self._most

    @property
    def is_overfull(self) -> bool:
        return len(self._inside) > self._most + MOST_BEYOND

    def enter(self, connection: Connection, address: str) -> bool:
        """Count the connection; whether its address may have so many. Proxies we trust bring many people's."""
        whose = network(address)
        self._inside[connection] = whose
        self._from[whose] += 1
        self._owing[connection] = None
        if self._from[whose] > self._most_from_one and not self.trusts(address):
            return False
        if len(self._inside) > self._most:
            self._make_room(connection)
        return True

    def owes(self, connection: Connection, *, something: bool) -> None:
        """An old debt keeps its place."""
        if not something:
            self._owing.pop(connection, None)
        elif connection in self._inside:
            self._owing.setdefault(connection)

    def leave(self, connection: Connection) -> None:
        self._owing.pop(connection, None)
        whose = self._inside.pop(connection, None)
        if whose is not None:
            self._from[whose] -= 1
            if not self._from[whose]:
                del self._from[whose]

    def _make_room(self, newcomer: Connection) -> None:
        slowest = next(iter(self._owing))
        if slowest is not newcomer:
            self.leave(slowest)
            slowest.make_room()
