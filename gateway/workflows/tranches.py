"""What is owed for a return: the next tranche of what is due, its approval, and the runs that pay it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.approvals import Approval, Asker
from gateway.domain.identifiers import Mint
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.domain.refunds import ENDED, Draw, Piece, RefundState, draws
from gateway.domain.returns import Return, ReturnLine
from gateway.domain.unit_values import portion
from gateway.store import approvals, fulfilments, refunds
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.pool import Connection
from gateway.store.refunds import Refund
from gateway.workflows import pay_back
from gateway.workflows.saga import Around

KIND, SOURCE = "refund", "return"  # of approvals, of refunds
EXCESS = "payment/refund_excess"
NO_ROOM, TOO_MUCH = "refund_exceeds_capacity", "refunded_more_than_accepted"


class _NoRoomError(Exception):
    """Undoes what was reserved of a tranche."""


@dataclass(frozen=True, slots=True)
class Tranches:
    mint: Mint
    policy: ApprovalPolicy

    async def tend(self, connection: Connection, order: Order, seen: Return, around: Around) -> bool:
        """True: something is owed for it, and not done yet."""
        made = await refunds.of_source(connection, SOURCE, seen.return_id)
        due = _due(seen, made)
        short = False
        if any(line.pieces for line in due):
            short = not await self._reserved(connection, order, seen, due, around)
            made = await refunds.of_source(connection, SOURCE, seen.return_id)
        await self._tell_excess(connection, seen, made, around)
        made = await self._decided(connection, seen, made, around)
        await _started(connection, seen, made, around)
        open_memos = await refunds.uncredited(connection, SOURCE, seen.return_id)
        return short or open_memos or any(refund.state not in ENDED for refund in made)

    async def _reserved(
        self, connection: Connection, order: Order, seen: Return, due: Sequence["_Due"], around: Around
    ) -> bool:
        """The next tranche, each of its draws reserved, or none of it. False: the money is not there, or not yet."""
        parts = await refunds.parts_of_units(connection, order.order_id)
        pieces = [piece for line in due for piece in _pieces(order, line, parts)]
        tranche = max((refund.tranche for refund in await self._made(connection, seen)), default=0) + 1
        fees = {line.of.line_id: line.fee for line in due}
        try:
            async with connection.transaction():
                for draw in draws(pieces, fees, seen.currency):
                    await self._reserve(connection, seen, draw, (tranche, _reason(due)), around)
        except _NoRoomError:
            if await refunds.all_taken(connection, {piece.part_id for piece in pieces}):
                evidence = {"order_id": seen.order_id, "pieces": {line.of.line_id: line.pieces for line in due}}
                await self._tell(connection, NO_ROOM, seen, evidence, around)
            return False
        return True

    async def _made(self, connection: Connection, seen: Return) -> list[Refund]:
        return await refunds.of_source(connection, SOURCE, seen.return_id)

    async def _reserve(
        self, connection: Connection, seen: Return, draw: Draw, why: tuple[int, str], around: Around
    ) -> None:
        refund = Refund(
            refund_id=self.mint("rfd"),
            order_id=seen.order_id,
            source=(SOURCE, seen.return_id),
            tranche=why[0],
            part_id=draw.part_id,
            currency=seen.currency,
            lines=draw.lines,
            fee=draw.fee,
            reason=why[1],
            state=RefundState.PENDING_APPROVAL,
        )
        if not await refunds.reserve(connection, refund, memo_id=self.mint("crm"), now=around.now):
            raise _NoRoomError

    async def _decided(
        self, connection: Connection, seen: Return, made: Sequence[Refund], around: Around
    ) -> list[Refund]:
        """Each tranche is approved as a whole, whatever captures it is drawn from."""
        pending = [refund for refund in made if refund.state is RefundState.PENDING_APPROVAL]
        for tranche in sorted({refund.tranche for refund in pending}):
            own = [refund for refund in pending if refund.tranche == tranche]
            approval = await self._approval(connection, seen, tranche, own, around)
            after = _DECIDED.get(approval.state)
            for refund in own if after else ():
                assert after is not None, "only what is decided moves"
                await refunds.stand(connection, refund, after, now=around.now, approval_id=approval.approval_id)
        return await self._made(connection, seen) if pending else list(made)

    async def _approval(
        self, connection: Connection, seen: Return, tranche: int, own: Sequence[Refund], around: Around
    ) -> Approval:
        content = {
            **{"order_id": seen.order_id, "return_id": seen.return_id, "tranche": tranche},
            "refunds": [{"refund_id": each.refund_id, "amount": each.amount, "fee": each.fee} for each in own],
            "lines": [{"line_id": line.line_id, "quantity": line.quantity} for each in own for line in each.lines],
        }
        return await approvals.request(
            connection,
            kind=KIND,
            subject=f"{seen.return_id}:{tranche}",
            content=content,
            amount=Money(sum(refund.amount for refund in own), seen.currency),
            requested_by=Asker(seen.asking_operator or seen.requested_by, seen.asking_operator),
            policy=self.policy,
            now=around.now,
            ids=self.mint,
            run_id=seen.return_id,
        )

    async def _tell_excess(self, connection: Connection, seen: Return, made: Sequence[Refund], around: Around) -> None:
        """What was paid before it was counted, and then not found good, is a person's matter."""
        paid = _paid(made)
        excess = {
            line.line_id: paid.get(line.line_id, 0) - line.quantities.refundable(line.rule.refund_on)
            for line in seen.lines
        }
        if excess := {line_id: pieces for line_id, pieces in excess.items() if pieces > 0}:
            await self._tell(connection, TOO_MUCH, seen, {"order_id": seen.order_id, "pieces": excess}, around)
            return
        await close_exception(
            connection,
            class_=EXCESS,
            code=TOO_MUCH,
            subject=seen.return_id,
            resolution={"found": "as many were accepted after all"},
            now=around.now,
        )

    async def _tell(
        self, connection: Connection, code: str, seen: Return, evidence: Mapping[str, object], around: Around
    ) -> None:
        opening = Opening(self.mint("xcp"), EXCESS, code, seen.return_id, evidence, ("resolve",))
        await open_exception(connection, opening, now=around.now)


_DECIDED: Mapping[str, RefundState] = {"approved": RefundState.APPROVED, "rejected": RefundState.REJECTED}


@dataclass(frozen=True, slots=True)
class _Due:
    """Of a line the pieces from *first* on, so many, with the fee that they bear."""

    of: ReturnLine
    first: int
    pieces: int
    fee: int


def _paid(made: Sequence[Refund]) -> dict[str, int]:
    """Pieces by line that a refund was made for; a further attempt is for the same ones."""
    paid: dict[str, int] = {}
    for refund in made:
        for line in refund.lines if refund.attempt == 1 else ():
            paid[line.line_id] = paid.get(line.line_id, 0) + line.quantity
    return paid


def _due(seen: Return, made: Sequence[Refund]) -> list[_Due]:
    if seen.state.value in ("cancelled", "declined", "expired"):
        return []
    paid = _paid(made)
    due = []
    for line in seen.lines:
        before = paid.get(line.line_id, 0)
        after = max(before, line.quantities.due(line.rule.refund_on, scanned=seen.scanned_at is not None))
        _, fee = line.tranche(before, after)
        due.append(_Due(line, before, after - before, fee))
    return due


def _reason(due: Sequence[_Due]) -> str:
    reasons = {line.of.reason for line in due if line.pieces}
    return reasons.pop() if len(reasons) == 1 else "other"


def _pieces(order: Order, due: _Due, parts: Mapping[tuple[str, int], str]) -> list[Piece]:
    """Each with what of its value is tax, and the part that it left with."""
    line = next(line for line in order.lines if line.line_id == due.of.line_id)
    pieces = []
    for place in range(due.first, due.first + due.pieces):
        unit, value = due.of.units[place], due.of.values[place]
        tax = min(value, portion(line.tax, line.quantity, unit, 1))
        pieces.append(Piece(line.line_id, due.of.sku, value, tax, parts[line.line_id, unit]))
    return pieces


async def _started(connection: Connection, seen: Return, made: Sequence[Refund], around: Around) -> None:
    for refund in made:
        if refund.state is RefundState.APPROVED:
            saga = (pay_back.NAME, pay_back.VERSION)
            trace, now = around.traceparent, around.now
            await fulfilments.start(connection, refund.refund_id, seen.return_id, saga, trace=trace, now=now)
