"""A refund that had succeeded and failed after all, by the provider's word: still owed, and a person's matter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.identifiers import Mint
from gateway.domain.refunds import RefundState
from gateway.store import refund_facts, refunds, signals
from gateway.store.exceptions import Opening, open_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection

TOLD = "refund_failed"  # among signals
CLASS, CODE = "payment/refund_failed", "refund_failed_late"
ACTIONS = ("retry", "resolve")
_NO_TRACE = "0" * 32


async def take(connection: Connection, refund_id: str, mint: Mint, *, now: datetime) -> None:
    """Act on the provider's word, if it is there and the refund stands as done; before that it only waits.

    The money is owed again, and stays reserved: nobody else can be given it meanwhile. The caller holds the run.
    """
    owed = await refunds.locked(connection, refund_id)
    told = await signals.untaken(connection, refund_id, TOLD)
    if told is None or owed.state is not RefundState.SUCCEEDED:
        return
    hand = Hand("system", now, _NO_TRACE, mint)
    await refund_facts.tell(connection, owed, refund_facts.REFUND_FAILED, hand)
    await refunds.stand(connection, owed, RefundState.LATE_FAILED, now=now)
    await signals.take(connection, refund_id, TOLD, now=now)
    evidence: Mapping[str, Any] = {
        **{"order_id": owed.order_id, owed.source[0]: owed.source[1], "amount": owed.amount},
        **{"currency": owed.currency, "provider_ref": owed.provider_ref, "attempt": owed.attempt},
        "code": told.data.get("code"),
    }
    opening = Opening(mint("xcp"), CLASS, CODE, refund_id, evidence, ACTIONS)
    await open_exception(connection, opening, now=now)
