"""A till that gives money back, and beside it what was really taken, given back and is still on its way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.domain.identifiers import mint
from gateway.domain.refunds import RefundLine, RefundState, holds, may_become
from gateway.store import refunds
from gateway.store.pool import Connection
from gateway.store.refunds import Refund
from tests.store.counter import Books

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
CAPTURED = {"a": 700, "b": 300}  # what each part of the order was taken for
EXAMPLES = count()
S = RefundState

Stand = Callable[[Connection, Refund, RefundState], Awaitable[None]]


async def as_it_is(connection: Connection, refund: Refund, after: RefundState) -> None:
    await refunds.stand(connection, refund, after, now=NOW)


@dataclass(frozen=True, slots=True)
class Operations:
    """What is put to the test; a variant shows that the model would notice."""

    stand: Stand = as_it_is
    reserve: Callable[[Connection, Refund], Awaitable[bool]] = field(
        default=lambda connection, refund: refunds.reserve(connection, refund, memo_id=None, now=NOW)
    )


class Till(RuleBasedStateMachine):
    """One order of two parts, whose captures refunds are drawn from."""

    def __init__(self, books: Books, operations: Operations) -> None:
        super().__init__()
        self.books, self.operations = books, operations
        self.order_id, self.tranches = mint("ord"), count(1)
        self.parts = {name: mint("ful") for name in CAPTURED}
        self.made: list[Refund] = []
        for statement, values in self.ground():
            books.sql(statement, **values)

    def ground(self) -> list[tuple[str, dict[str, object]]]:
        order, total = {"order": self.order_id, "key": mint("key")}, sum(CAPTURED.values())
        part = [
            {"order": self.order_id, "part": self.parts[name], "number": number, "amount": amount}
            for number, (name, amount) in enumerate(CAPTURED.items(), 1)
        ]
        return [
            (ORDER, order),
            (PAYMENT, {"order": self.order_id, "total": total}),
            *((statement, each) for each in part for statement in (PART, RUN, STEP)),
        ]

    def held(self, part: str | None = None) -> int:
        """Of the money that was taken, what is given back or on its way, by what we have written down."""
        return sum(
            sum(holds(refund.state, refund.amount))
            for refund in self.made
            if part is None or refund.part_id == self.parts[part]
        )

    @rule(part=st.sampled_from(sorted(CAPTURED)), amount=st.integers(1, 500))
    def somebody_is_owed(self, part: str, amount: int) -> None:
        refund = Refund(
            refund_id=mint("rfd"),
            order_id=self.order_id,
            source=("return", self.order_id),
            tranche=next(self.tranches),
            part_id=self.parts[part],
            currency="GBP",
            lines=(RefundLine("1", "LAMP-7", 1, amount, 0),),
            fee=0,
            reason="other",
            state=S.APPROVED if amount % 2 else S.PENDING_APPROVAL,
        )
        room = amount <= CAPTURED[part] - self.held(part)

        done = self.books.run(self.reserve(refund))

        assert done is room, f"{amount} out of {part}: {done}, although {self.held(part)} of it are gone"
        if done:
            self.made.append(refund)

    @rule(nth=st.integers(0, 4), way=st.integers(0, 1))
    def one_moves_on(self, nth: int, way: int) -> None:
        moving = [place for place, refund in enumerate(self.made) if self.ways(refund)]
        if not moving:
            return
        place = moving[nth % len(moving)]
        refund = self.made[place]
        after = self.ways(refund)[way % len(self.ways(refund))]
        self.books.run(self.stand(refund, after))
        self.made[place] = replace(refund, state=after)

    def ways(self, refund: Refund) -> list[RefundState]:
        return [after for after in S if may_become(refund.state, after)]

    @invariant()
    def the_ledger_says_what_is_so(self) -> None:
        [(refunded, in_flight)] = self.books.sql(LEDGER, order=self.order_id)
        each = [holds(refund.state, refund.amount) for refund in self.made]
        assert (refunded, in_flight) == (sum(done for _, done in each), sum(going for going, _ in each))

    async def reserve(self, refund: Refund) -> bool:
        async with self.books.counter.database.transaction() as connection:
            return await self.operations.reserve(connection, refund)

    async def stand(self, refund: Refund, after: RefundState) -> None:
        async with self.books.counter.database.transaction() as connection:
            await self.operations.stand(connection, refund, after)


LEDGER = "select refunded, in_flight from payment where order_id = %(order)s"
ORDER = """
insert into orders (order_id, partner_id, channel_id, channel_order_id, content_hash, status, currency, grand_total,
                    placed_at, document, receipt, receipt_headers, trace_id, received_at, updated_at)
values (%(order)s, 'web', 'web', %(key)s, '', 'completed', 'GBP', 1000, now(), '{}', '', '{}', '', now(), now())
"""
PAYMENT = "insert into payment (order_id, authorised, captured) values (%(order)s, %(total)s, %(total)s)"
PART = """
insert into fulfilment (fulfilment_id, order_id, number, group_id, node_id, method, status, pieces, shipping, amount,
                        trace_id, created_at, updated_at)
values (%(part)s, %(order)s, %(number)s, '1', 'main', 'ship_to_home', 'completed', 'shipped', 0, %(amount)s, '', now(),
        now())
"""
RUN = """
insert into run (run_id, saga, version, state, created_at, updated_at)
values (%(part)s, 'fulfil', 1, 'ended', now(), now())
"""
STEP = """
insert into step (run_id, name, number, saga, version, system, operation, operation_key, state, epoch, begun_at)
values (%(part)s, 'take_money', 1, 'fulfil', 1, 'payments', 'capture', %(part)s, 'succeeded', 1, now())
"""
