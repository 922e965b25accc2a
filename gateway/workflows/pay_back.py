"""
pay_back: money of one refund goes back to where it came from, then the ERP credits the goods. Forward only: what may
have been given back is found out, never undone.
"""

from datetime import datetime

from gateway.domain.credits import CreditLine, CreditMemo, Fee
from gateway.domain.identifiers import Mint
from gateway.domain.money import Money
from gateway.domain.refunds import RefundState
from gateway.ports import BackEnds, Effect
from gateway.store import fulfilments, journal, late_failures, orders, refund_facts, refunds
from gateway.store.exceptions import Opening, open_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.refunds import Refund
from gateway.workflows.executors import LOCAL_BY_HAND
from gateway.workflows.outcomes import effect_of
from gateway.workflows.reasons import CREDIT, REFUND
from gateway.workflows.saga import Case, Gate, Local, LocalDo, Moved, Note, Saga, Step

NAME, VERSION = "pay_back", 1
LOOK = 60  # seconds after which an invoice that is not posted yet is looked for again
BY_HAND, BY_HAND_CODE = "finance/credit_by_hand", "credit_memos_not_offered"


def begins(*, credits_goods: bool) -> LocalDo:
    """*credits_goods*: the ERP posts credit memos; else a person does."""

    async def begin(connection: Connection, case: Case, now: datetime) -> Effect:
        owed = await refunds.locked(connection, _owed(case).refund_id)
        await refunds.stand(connection, owed, RefundState.SUBMITTED, now=now)
        memo = await refunds.memo_of(connection, owed.refund_id)
        wanted = {"money": owed.amount > 0, "memo": memo is not None and credits_goods}
        facts = {name: "yes" for name, so in wanted.items() if so}
        return Effect(owed.refund_id, f"{owed.refund_id}:begin", "submitted", facts)

    return begin


async def _stays(connection: Connection, case: Case, now: datetime) -> None:
    raise AssertionError("there is no way back from a refund")


async def give_back(case: Case, back_ends: BackEnds, key: str) -> Effect:
    owed = _owed(case)
    return await back_ends.payments.refund(case.done("take_money").id, Money(owed.amount, owed.currency), key=key)


def gives_back(mint: Mint) -> Note:
    async def given_back(connection: Connection, case: Case, effect: Effect) -> None:
        owed = await refunds.locked(connection, _owed(case).refund_id)
        hand = Hand("system", case.now, case.trace_id, mint)
        await refund_facts.tell(connection, owed, refund_facts.REFUNDED, hand)
        await refunds.stand(connection, owed, RefundState.SUCCEEDED, now=case.now, provider_ref=effect.id)
        await late_failures.take(connection, owed.refund_id, mint, now=case.now)

    return given_back


async def invoiced(connection: Connection, case: Case) -> int:
    """What is not invoiced cannot be credited."""
    return 0 if "invoice" in case.given else LOOK


async def credit(case: Case, back_ends: BackEnds, key: str) -> Effect:
    erp = back_ends.credits
    assert erp is not None, "the step is left out where the ERP does not credit"
    return await erp.credit(memo(case), key=key)


def memo(case: Case) -> CreditMemo:
    """What the ERP is to credit: the pieces of this refund, and the fee as a line of its own."""
    owed = _owed(case)

    def money(amount: int) -> Money:
        return Money(amount, owed.currency)

    return CreditMemo(
        order_id=owed.order_id,
        sales_order=case.done("book_in_erp").id,
        invoice=case.done("invoice").id,
        lines=tuple(
            CreditLine(line.line_id, line.sku, line.quantity, money(line.net), money(line.tax)) for line in owed.lines
        ),
        fees=(Fee("restocking", money(owed.fee)),) if owed.fee else (),
        reason=owed.reason,
        refund=case.effects["refund"].id if "refund" in case.effects else None,
    )


async def _credited(connection: Connection, case: Case, effect: Effect) -> None:
    number = effect.facts.get("number")
    await refunds.credited(connection, _owed(case).refund_id, "posted", now=case.now, erp_ref=effect.id, number=number)


def _owed(case: Case) -> Refund:
    assert case.owed is not None, "it is a refund that is paid back"
    return case.owed


class RefundSubject:
    """`gateway.workflows.saga.Subject` of a refund: its state is moved by its steps, its end by this."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        owed = await refunds.one(connection, run_id)
        stored = await orders.load(connection, owed.order_id)
        part = await journal.effects(connection, owed.part_id)
        given = {name: effect for name, key, row in part if (effect := effect_of(row, key)) is not None}
        return Case(stored.order, None, given=given, trace_id=stored.trace_id, owed=owed)

    async def status(self, connection: Connection, run_id: str) -> str:
        return (await refunds.locked(connection, run_id)).state

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        owed = await refunds.locked(connection, run_id)
        if owed.state is RefundState.SUBMITTED:  # the fees have left nothing to give back
            await refunds.stand(connection, owed, RefundState.SUCCEEDED, now=moved.now)
        if await refunds.memo_of(connection, run_id) == "draft":
            await self._by_hand(connection, owed, moved)
        await fulfilments.wake(connection, owed.source[1])

    async def _by_hand(self, connection: Connection, owed: Refund, moved: Moved) -> None:
        """The ERP does not post credit memos, so a person does."""
        await refunds.credited(connection, owed.refund_id, "by_hand", now=moved.now, erp_ref=None, number=None)
        evidence = {
            **{"order_id": owed.order_id, owed.source[0]: owed.source[1], "amount": owed.amount, "fee": owed.fee},
            **{"currency": owed.currency, "reason": owed.reason, "provider_ref": owed.provider_ref},
            "lines": [{"line_id": line.line_id, "quantity": line.quantity} for line in owed.lines],
        }
        opening = Opening(moved.by.mint("xcp"), BY_HAND, BY_HAND_CODE, owed.refund_id, evidence, ("resolve",))
        await open_exception(connection, opening, now=moved.now)


def pay_back(mint: Mint, *, credits_goods: bool = True) -> Saga:
    return Saga(
        NAME,
        VERSION,
        (
            Local("begin", begins(credits_goods=credits_goods), _stays, by_hand=LOCAL_BY_HAND),
            Step(
                *("refund", "payments", "refund", give_back, REFUND),
                about="take_money",
                only_if="begin.money",
                note=gives_back(mint),
                by_hand="look the refund up at the provider; resolve with its id, or with how else it was paid",
            ),
            Gate("await_invoice", invoiced, by_hand="mend what the part's invoice hangs on; retry looks again"),
            Step(
                *("credit", "erp", "credit", credit, CREDIT),
                only_if="begin.memo",
                note=_credited,
                by_hand="post the credit memo in the ERP; resolve with its number",
            ),
        ),
        RefundSubject(),
        done="settled",
        undone="failed",
        stopped="failed",
        wished="",
        resumed="",
        forward_only=True,
    )
