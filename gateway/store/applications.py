"""Requests for reservations, and what is written for those that are granted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.context import Answer, Call
from gateway.domain.reservations import Allocation, Reservation, Wish


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """A wish ready to be granted, and how its caller is told."""

    call: Call
    wish: Wish
    reservation_id: str
    event_id: str
    audit_id: str
    content_hash: bytes
    reach: str | None  # whose orders it may name; None: everybody's
    body: Callable[[Reservation, Allocation], bytes]
    headers: Callable[[str], Mapping[str, str]]  # of the reservation with that id

    @property
    def key(self) -> tuple[str, str]:
        assert self.call.idempotency is not None, "the idempotency stage has run"
        return self.call.caller.partner or "", self.call.idempotency.key

    @property
    def natural_key(self) -> tuple[str | None, str, str, int]:
        holder = self.wish.holder
        return self.call.caller.partner, holder.type, holder.id, holder.attempt


@dataclass(frozen=True, slots=True)
class Grant:
    """What is to be written for an application: a new reservation, or a new key for the receipt of an old one."""

    application: Application
    resource_id: str
    answer: Answer
    reservation: Reservation | None = None
