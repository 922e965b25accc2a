"""Reservations asked for together: granted in the order of their arrival, in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.context import Answer
from gateway.domain.reservations import Allocation, Held, Place, Reservation, Stock, Wish, allocate
from gateway.errors import GatewayError
from gateway.refusals import Fault, IdempotencyKeyReused, NaturalKeyConflict, Refused
from gateway.stock_refusals import InsufficientStock, NodeNotSellable, SkuNotStocked
from gateway.store import holders, reservation_rows, shelves
from gateway.store.applications import Application, Grant
from gateway.store.holders import Before, Known
from gateway.store.pool import Connection

_CODES = {refusal.code: refusal for refusal in (SkuNotStocked, NodeNotSellable, InsufficientStock)}


Outcome = Answer | GatewayError  # of which all but a broken answer are refusals


@dataclass(slots=True)
class Session:
    """One transaction's view of the world, which changes with every wish that is granted."""

    known: Known
    stock: dict[Place, Stock]
    grants: list[Grant] = field(default_factory=list)

    def outcome(self, asked: Application) -> Outcome:
        if answered := self.known.answered.get(asked.key):
            fingerprint, answer = answered
            same = asked.call.idempotency is not None and asked.call.idempotency.fingerprint == fingerprint
            return answer if same else IdempotencyKeyReused("this key was used for another request", effect="none")
        if before := self.known.before.get(asked.natural_key):
            return self._again(asked, before)
        if refusal := holders.refusal(asked.wish.holder, self.known.orders, reach=asked.reach):
            return refusal
        allocation = allocate(asked.wish.lines, self.stock)
        if allocation.lacks and not (asked.wish.partial and allocation.takes):
            return _short(asked.wish, allocation)
        return self._granted(asked, allocation)

    def _again(self, asked: Application, before: Before) -> Outcome:
        if before.content_hash != asked.content_hash:
            detail = "this attempt to reserve for the holder was made before, with another content"
            return NaturalKeyConflict(detail, effect="none")
        answer = Answer(201, asked.headers(before.reservation_id), before.receipt, replayed=True)
        return self._kept(Grant(asked, before.reservation_id, answer))

    def _granted(self, asked: Application, allocation: Allocation) -> Outcome:
        reservation = _reservation(asked, allocation, self.known.now)
        headers = asked.headers(reservation.reservation_id)
        answer = Answer(201, headers, asked.body(reservation, allocation))
        assert asked.call.check_answer is not None, "the contract stage has run"
        asked.call.check_answer(answer.status, answer.headers, answer.body)
        for held in reservation.lines:
            place = (held.sku, held.node_id, held.condition)
            there = self.stock[place]
            assert there.available is not None, "only what is there is taken"
            self.stock[place] = Stock(there.available - held.quantity, there.sells, there.priority)
        before = Before(reservation.reservation_id, asked.content_hash, answer.body)
        self.known.before[asked.natural_key] = before
        return self._kept(Grant(asked, reservation.reservation_id, answer, reservation))

    def _kept(self, grant: Grant) -> Answer:
        """Who repeats it behind us in the same transaction gets the same answer."""
        assert grant.application.call.idempotency is not None, "the idempotency stage has run"
        again = Answer(grant.answer.status, grant.answer.headers, grant.answer.body, replayed=True)
        self.known.answered[grant.application.key] = grant.application.call.idempotency.fingerprint, again
        self.grants.append(grant)
        return grant.answer


async def reserve_all(connection: Connection, asked: Sequence[Application]) -> dict[Application, Outcome]:
    """In the caller's transaction. Raises a unique violation, or `IdempotencyInFlight`, when another transaction was
    first with a key or an attempt; then nothing may be committed, and what it wrote is found at the next try.

    Everyone locks in one order: the orders that are named, then positions, then keys; each sorted.
    """
    orders = await holders.lock_orders(connection, [application.wish.holder for application in asked])
    lines = [line for application in asked for line in application.wish.lines]
    stock = await shelves.lock_shelves(connection, lines)
    known = await holders.read_known(connection, [_question(application) for application in asked], orders)
    session = Session(known, stock)
    outcomes = {application: session.outcome(application) for application in asked}
    if session.grants:
        for grant in session.grants:
            grant.application.call.effect = "unknown"
        await reservation_rows.write(connection, session.grants, now=known.now)
    return outcomes


def _question(application: Application) -> holders.Question:
    return holders.Question(application.key, application.natural_key, application.call.now)


def _reservation(asked: Application, allocation: Allocation, now: datetime) -> Reservation:
    wish = asked.wish
    return Reservation(
        asked.reservation_id,
        wish.kind,
        wish.holder,
        "active",
        version=1,
        expires_at=now + wish.lasts if wish.lasts is not None else None,
        created_at=now,
        updated_at=now,
        lines=tuple(_held(wish, allocation)),
    )


def _held(wish: Wish, allocation: Allocation) -> Iterator[Held]:
    for number, take in enumerate(allocation.takes, 1):
        line = wish.lines[take.index]
        yield Held(number, line.line_id, line.sku, take.node_id, line.condition, take.quantity)


def _short(wish: Wish, allocation: Allocation) -> Refused:
    """The gravest lack names the refusal: not stocked, then not for sale, then too little."""
    codes = {lack.code for lack in allocation.lacks}
    kind = next(refusal for code, refusal in _CODES.items() if code in codes)
    faults = tuple(
        Fault(f"#/lines/{lack.index}", lack.code, f"{lack.wanted} wanted, {lack.available} available")
        for lack in allocation.lacks
    )
    short: list[dict[str, Any]] = [
        {
            "line_id": wish.lines[lack.index].line_id,
            "sku": wish.lines[lack.index].sku,
            "wanted": lack.wanted,
            "available": lack.available,
        }
        for lack in allocation.lacks
    ]
    return kind("not all of it can be had, so nothing is reserved", faults=faults, effect="none", short=short)
