"""
book_receipt and post_invoice: the ERP is told once of goods that came, and once of a bill that is right or was
approved, when it has the purchase that they are of. Forward only: what may have been posted is found out, never undone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.procurement import POSTING, RECEIVING
from gateway.domain.supplier_invoices import InvoiceState
from gateway.ports import BackEnds, Effect
from gateway.store import postings, supplier_invoices
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.postings import Posting
from gateway.workflows.reasons import BILL, RECEIPT
from gateway.workflows.saga import Case, Gate, Local, LocalDo, Moved, Refusal, Saga, Step

LOOK = 3600  # seconds after which a purchase is looked at although nobody said that it is settled
UNKNOWN_PURCHASE = Refusal("purchase_not_booked", "the order system has no such purchase; a person books this")
FIND = "find_purchase"
# An ERP that tells its stock tells of these pieces, too: what bears our key is known to be counted here already.
MARKED = "with {run}:receive_goods at the beginning of its reference"


async def unsettled(connection: Connection, case: Case) -> int:
    return LOOK if await postings.unsettled(connection, _posting(case).po_id) else 0


def finds(*, books: bool) -> LocalDo:
    """*books*: the ERP books purchases; else a person does."""

    async def find_purchase(connection: Connection, case: Case, now: datetime) -> Refusal | Effect:
        purchase = await postings.booked(connection, _posting(case).po_id) if books else None
        return Effect(purchase, FIND, "purchase", {"known": "yes"}) if purchase else UNKNOWN_PURCHASE

    return find_purchase


async def _stays(connection: Connection, case: Case, now: datetime) -> None:
    raise AssertionError("there is no way back from what is posted")


async def receive_goods(case: Case, back_ends: BackEnds, key: str) -> Effect:
    erp, receipt = back_ends.purchasing, _posting(case).receipt
    assert erp is not None, "it has booked the purchase"
    assert receipt is not None, "it is goods that came"
    return await erp.receive_goods(replace(receipt, purchase=case.done(FIND).id), key=key)


async def post_bill(case: Case, back_ends: BackEnds, key: str) -> Effect:
    erp, bill = back_ends.purchasing, _posting(case).bill
    assert erp is not None, "it has booked the purchase"
    assert bill is not None, "it is a bill that is posted"
    return await erp.post_bill(replace(bill, purchase=case.done(FIND).id), key=key)


def _posting(case: Case) -> Posting:
    assert case.posting is not None, "it is a receipt or a bill that is posted"
    return case.posting


class ReceiptSubject:
    """`gateway.workflows.saga.Subject` of goods that came: they have come, whatever the ERP says."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        posting = await postings.receipt(connection, run_id)
        return Case(None, None, trace_id=posting.trace_id, posting=posting)

    async def status(self, connection: Connection, run_id: str) -> str:
        return "received"

    async def ask(self, connection: Connection, run_id: str, action: Mapping[str, str] | None, moved: Moved) -> None:
        raise AssertionError("nobody has to act before goods are booked")

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        """The journal says that they are booked, and under which number."""


@dataclass(frozen=True, slots=True)
class InvoiceSubject:
    """`gateway.workflows.saga.Subject` of an invoice that was approved."""

    mint: Mint

    async def load(self, connection: Connection, run_id: str) -> Case:
        posting = await postings.bill(connection, run_id)
        return Case(None, None, trace_id=posting.trace_id, posting=posting)

    async def status(self, connection: Connection, run_id: str) -> str:
        return await supplier_invoices.lock_state(connection, run_id)

    async def ask(self, connection: Connection, run_id: str, action: Mapping[str, str] | None, moved: Moved) -> None:
        raise AssertionError("nobody has to act before an invoice is posted")

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        posting = await postings.bill(connection, run_id)
        hand = Hand("system", moved.now, posting.trace_id, self.mint)
        await supplier_invoices.move_invoice(connection, run_id, InvoiceState(status), hand)


AWAIT = Gate("await_purchase", unsettled, by_hand="mend what the order's purchase hangs on; retry looks again")
RECEIVE = Step(
    *("receive_goods", "erp", "receive_goods", receive_goods, RECEIPT),
    only_if=f"{FIND}.known",
    by_hand=f"book the receipt in the ERP, {MARKED}; resolve with its number",
)
POST = Step(
    *("post_bill", "erp", "post_bill", post_bill, BILL),
    only_if=f"{FIND}.known",
    by_hand="post the bill in the ERP, or find it there; resolve with its number",
)


def _find(*, books: bool, marked: str = "") -> Local:
    by_hand = (
        f"book it in the ERP{marked}, and resolve with its number there; or have the purchase booked first, and retry"
    )
    return Local(FIND, finds(books=books), _stays, by_hand=by_hand)


def book_receipt(*, books: bool) -> Saga:
    return Saga(
        *RECEIVING,
        (AWAIT, _find(books=books, marked=f", {MARKED}"), RECEIVE),
        ReceiptSubject(),
        done="booked",
        undone="not_booked",
        stopped="not_booked",
        wished="",
        resumed="",
        forward_only=True,
    )


def post_invoice(mint: Mint, *, books: bool) -> Saga:
    return Saga(
        *POSTING,
        (AWAIT, _find(books=books), POST),
        InvoiceSubject(mint),
        done=InvoiceState.POSTED,
        undone=InvoiceState.APPROVED,
        stopped=InvoiceState.APPROVED,
        wished="",
        resumed="",
        forward_only=True,
    )
