"""Who is at work in this process: every request holds a place, and gives it back whatever becomes of it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from gateway.domain.access import Deny
from gateway.errors import Overloaded
from gateway.governance.admission import Admission, Limit
from gateway.refusals import ConcurrencyExceeded

PLACE = "omnigate.place"  # in the scope: the place that the server has taken for the request

_CAPACITY = 8192

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Who:
    """A partner, and how many requests of it may be under way."""

    partner: str
    limit: Limit


class Places:
    """Counts of this process only. They hold one number for each operation and partner that is at work, and no more."""

    def __init__(self, admission: Admission, *, capacity: int = _CAPACITY) -> None:
        self.admission = admission
        self.taken = 0
        self.resting = 0
        self._operations: dict[str | None, int] = {}
        self._partners: dict[str, int] = {}
        self._resting: dict[str, int] = {}
        self._known: OrderedDict[bytes, Who] = OrderedDict()  # by hash of a credential that was verified
        self._capacity = capacity

    def room(self, operation: str | None, *, crowded: bool = False) -> Deny | None:
        """Why a request of *operation* may not begin now, if it may not.

        *crowded*: as if every place were taken; then only what may come beyond them is admitted.
        """
        taken = max(self.taken, self.admission.places) if crowded else self.taken
        decision = self.admission.request(operation, taken=taken, alike=self._operations.get(operation, 0))
        return decision if isinstance(decision, Deny) else None

    def fair(self, who: Who) -> Deny | None:
        """Why this partner may not have one more, if it may not."""
        decision = who.limit.admits(self._partners.get(who.partner, 0))
        return decision if isinstance(decision, Deny) else None

    def known(self, credential: bytes) -> Who | None:
        """Whose it is, if it was verified before."""
        return self._known.get(_hash(credential))

    def remember(self, credential: bytes, who: Who) -> None:
        """From now on this credential's requests are counted for its partner before anybody verifies it again."""
        name = _hash(credential)
        self._known[name] = who
        self._known.move_to_end(name)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def _count(self, place: Place, by: int) -> None:
        self.taken += by
        _add(self._operations, place.operation, by)
        if place.partner is not None:
            _add(self._partners, place.partner, by)

    def _count_resting(self, partner: str | None, by: int) -> None:
        self.resting += by
        if partner is not None:
            _add(self._resting, partner, by)

    def _refuse_rest(self, partner: str | None) -> None:
        alike = self._resting.get(partner, 0) if partner is not None else 0
        decision = self.admission.resting_partner.admits(alike)
        if isinstance(decision, Deny):
            raise ConcurrencyExceeded(decision)
        decision = self.admission.resting.admits(self.resting)
        if isinstance(decision, Deny):
            raise Overloaded(decision)


class Place:
    """One request's place, held from the start. What is given back is never given back twice."""

    __slots__ = ("_ended", "_held", "_places", "operation", "partner")

    def __init__(self, places: Places, operation: str | None, who: Who | None = None) -> None:
        self.operation = operation
        self.partner = who.partner if who else None
        self._places = places
        self._held = self._ended = False
        self.take()

    def take(self) -> None:
        """Count from now on, whether there is room or not."""
        if not self._held and not self._ended:
            self._held = True
            self._places._count(self, 1)

    def take_if_room(self) -> None:
        """Raises `Overloaded`: others have come meanwhile."""
        if not self._held and not self._ended:
            if (full := self._places.room(self.operation)) is not None:
                raise Overloaded(full)
            self.take()

    def give_back(self) -> None:
        if self._held:
            self._held = False
            self._places._count(self, -1)

    def leave(self) -> None:
        """The request has ended."""
        self.give_back()
        self._ended = True

    def belong_to(self, who: Who) -> None:
        """Count for this partner, too. Raises `ConcurrencyExceeded`."""
        if self.partner == who.partner:
            return
        if (full := self._places.fair(who)) is not None:
            raise ConcurrencyExceeded(full)
        self.give_back()
        self.partner = who.partner
        self.take()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Without the place while inside. Raises `ConcurrencyExceeded` or `Overloaded` when too many are resting."""
        self._places._refuse_rest(self.partner)
        self.give_back()
        self._places._count_resting(self.partner, 1)
        try:
            yield
        finally:
            self._places._count_resting(self.partner, -1)
            self.take()  # all that is left is to answer: no reason to refuse


def _add(counts: dict[Key, int], key: Key, by: int) -> None:
    """An entry that has come to nothing is forgotten."""
    if left := counts.get(key, 0) + by:
        counts[key] = left
    else:
        del counts[key]


def _hash(credential: bytes) -> bytes:
    return hashlib.sha256(credential).digest()
