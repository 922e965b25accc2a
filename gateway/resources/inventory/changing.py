"""What becomes of a reservation: released, extended, consumed. What has ended changes no more."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.intake import AHEAD
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.reservations import Held, Part, Reservation, moves, until
from gateway.refusals import Fault, Invalid, NotFound, PreconditionFailed
from gateway.resources.answers import JSON, whose
from gateway.resources.inventory.reservation_views import body_of
from gateway.resources.inventory.reserving import ABSENT, Commitment, permit
from gateway.resources.preconditions import etag_of, tags_expected
from gateway.stock_refusals import NotExtendable, ReservationExpired
from gateway.store import audit, reservation_changes
from gateway.store.accept import outcome_told
from gateway.store.idempotency import answered, given_before, keep
from gateway.store.pool import Connection, Database
from gateway.store.reservation_changes import Seen, kind_within_reach, lock_reservation, record_change
from gateway.store.reservation_views import read_reservation

Make = Callable[[Connection, Seen, Any, InventoryPolicy], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change: what it is called, how it is made, and what it says to a reservation that has ended."""

    name: str
    make: Make
    absorbed: frozenset[str]  # states in which it is a no-op that tells how the reservation stands
    asks: bool = False  # whether stock that is promised for good needs another permission than a soft promise


async def _release(connection: Connection, seen: Seen, body: Any, policy: InventoryPolicy) -> None:
    moved = _moves(seen.reservation.lines, body, last_first=True)
    await reservation_changes.release(connection, seen.reservation.reservation_id, moved)


async def _extend(connection: Connection, seen: Seen, body: Any, policy: InventoryPolicy) -> None:
    if seen.reservation.kind != "soft":
        raise NotExtendable("only a soft reservation is kept longer; this one does not end by itself", effect="none")
    lasts = timedelta(seconds=body.get("ttl_seconds", policy.soft_usual * 60))
    end = until(seen.reservation, now=seen.now, lasts=lasts, most=timedelta(minutes=policy.soft_most))
    await reservation_changes.extend(connection, seen.reservation.reservation_id, expires_at=end)


async def _consume(connection: Connection, seen: Seen, body: Any, policy: InventoryPolicy) -> None:
    left_at = datetime.fromisoformat(body["occurred_at"]).astimezone(UTC) if "occurred_at" in body else seen.now
    if not seen.reservation.created_at <= left_at <= seen.now + AHEAD:
        detail = "is before the reservation was made, or more than five minutes ahead of our clock"
        raise Invalid("this cannot have left then", faults=(Fault("#/occurred_at", "clock_skew", detail),))
    moved = _moves(seen.reservation.lines, body, last_first=False)
    await reservation_changes.consume(connection, seen.reservation.reservation_id, moved, left_at=left_at)


RELEASE = Change("released", _release, absorbed=frozenset({"released", "consumed", "expired"}), asks=True)
EXTEND = Change("extended", _extend, absorbed=frozenset())
CONSUME = Change("consumed", _consume, absorbed=frozenset({"released", "consumed"}))


def _moves(held: Sequence[Held], body: Any, *, last_first: bool) -> dict[int, int]:
    parts = [Part(part["line_id"], part.get("quantity"), part.get("node_id")) for part in body.get("lines", ())]
    moved, faults = moves(held, parts, last_first=last_first)
    if faults:
        raise Invalid("the reservation does not hold that", faults=tuple(Fault(*fault) for fault in faults))
    return moved


@dataclass(frozen=True, slots=True)
class Changing:
    """What changes need, whichever it is."""

    database: Database
    policy: InventoryPolicy
    commitment: Commitment
    mint: Mint

    async def change(self, call: Call, how: Change, *, if_match: Sequence[str]) -> Answer:
        """Made under the reservation's locks, in one commit with its answer. *if_match*: of a new request only."""
        with outcome_told(call):
            async with self.database.transaction() as connection:
                reservation_id = call.path_parameters["reservation_id"]
                kind = await kind_within_reach(connection, reservation_id, partner=whose(call))
                if kind is None:
                    raise NotFound(ABSENT)
                if how.asks:
                    permit(call, kind, self.commitment)
                if call.given_before:
                    return call.given_before.answer
                expected = tags_expected(if_match)
                seen = await lock_reservation(connection, reservation_id)
                answer = await answered(connection, call) or await self._changed(connection, call, how, seen, expected)
            call.effect = "applied"
            return answer

    async def _changed(
        self, connection: Connection, call: Call, how: Change, seen: Seen, expected: frozenset[str] | None
    ) -> Answer:
        before = seen.reservation
        changes = _is_open_to(before, how)
        if changes:
            if expected is not None and etag_of(before.version) not in expected:
                raise PreconditionFailed(f"the reservation is at version {before.version}", effect="none")
            call.effect = "unknown"
            await how.make(connection, seen, call.body or {}, self.policy)
        after = await read_reservation(connection, before.reservation_id, partner=None)
        assert after is not None, "reservations are never deleted"
        answer = Answer(200, {"content-type": JSON, "etag": etag_of(after.version)}, body_of(after))
        assert call.check_answer is not None, "the contract stage has run"
        call.check_answer(answer.status, answer.headers, answer.body)
        call.effect = "unknown"
        if not await keep(connection, call, before.reservation_id, answer):
            return await given_before(connection, call)
        await audit.record(connection, call, before.reservation_id, audit_id=self.mint("aud"))
        if changes:
            await record_change(connection, call, after, how.name, event_id=self.mint("evt"))
        return answer


def _is_open_to(before: Reservation, how: Change) -> bool:
    """False: it has ended, and the change is absorbed. Raises when its end leaves nothing to say yes to."""
    if before.state == "active":
        return True
    if before.state in how.absorbed:
        return False
    if before.state == "expired":
        raise ReservationExpired("its time was over before", effect="none")
    raise NotExtendable(f"the reservation is {before.state}", effect="none")
