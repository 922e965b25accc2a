"""Steps of a store that picks: asked, accepted or rejected, picked in whole or in part, and what it found missing."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from gateway.domain.fulfilments import Fulfilment
from gateway.domain.shares import Block, Share, share_of
from gateway.fulfilment_ports import Method, StoreTask
from gateway.ports import BackEnds, Effect
from gateway.store import fulfilments, order_lines, orders, stock
from gateway.store.pool import Connection
from gateway.workflows.reasons import STORE, STORE_SILENT
from gateway.workflows.saga import Assent, Case, OnFact, Refusal, Seen, Step
from gateway.workflows.stock_effects import StockEffects

MISSING = Refusal("store_task_missing", "the store does not know the task that it took")
_SOON = 1  # second: what the store said while it was not waited for has woken nobody
CANCELLED = Refusal("cancelled_by_store", "the store cancelled what nobody asked it to")


def asks(method: Callable[[Case], Method], minutes: int) -> Step:
    """Ask the store to pick within so many minutes."""

    async def ask(case: Case, back_ends: BackEnds, key: str) -> Effect:
        assert back_ends.store is not None, "nothing is planned at a store that nobody can ask"
        until = case.begun_at + timedelta(minutes=minutes)
        return await back_ends.store.ask(case.order, method(case), until=until, key=key)

    return Step(
        *("ask_store", "store", "ask", ask, STORE, _recall, "cancel"),
        undo_may_be_refused=True,
        then="released",
        by_hand="ask the store; resolve with the task's id, as failed if it has none, or abandon",
    )


async def _recall(case: Case, back_ends: BackEnds, asked: Effect, key: str) -> Effect:
    assert back_ends.store is not None, "it was asked"
    return await back_ends.store.cancel(asked.id, key=key)


async def _task(case: Case, back_ends: BackEnds) -> StoreTask | Seen:
    """Where the task stands, or what has come of it that nothing can follow from but that."""
    assert back_ends.store is not None, "it was asked"
    task = await back_ends.store.task(case.done("ask_store").id)
    if task is None:
        return Seen(trouble=MISSING)
    if task.status == "cancelled":
        return Seen(trouble=CANCELLED)
    return task


async def _accepted(case: Case, back_ends: BackEnds) -> Seen:
    task = await _task(case, back_ends)
    if isinstance(task, Seen):
        return task
    if task.status == "rejected":
        return Seen(refusal=STORE(task.reason or ""))
    return Seen() if task.status == "asked" else Seen(fact={})


async def _ready(case: Case, back_ends: BackEnds) -> Seen:
    task = await _task(case, back_ends)
    if isinstance(task, Seen):
        return task
    if task.status == "rejected":
        return Seen(refusal=STORE(task.reason or ""))
    if task.status == "accepted":
        return Seen()
    found = {line.line_id: min(line.quantity, task.picked.get(line.line_id, 0)) for line in case.order.lines}
    return Seen(fact={"picked": found}) if any(found.values()) else Seen(refusal=STORE("not_in_stock"))


async def handed_over(case: Case, back_ends: BackEnds) -> Seen:
    """To the customer, or to the carrier."""
    task = await _task(case, back_ends)
    if isinstance(task, Seen):
        return task
    return Seen(fact={"collected_at": task.at.isoformat()}) if task.status == "handed_over" else Seen()


def accepts(minutes: int) -> Assent:
    return Assent(
        *("await_acceptance", "ask_store", "store", _accepted, STORE_SILENT),
        patience=minutes * 60,
        first_look=_SOON,
        customer=False,
        then="accepted",
        by_hand="call the store; retry has it look again, abandon gives the part up",
    )


def gets_ready(minutes: int, on: OnFact) -> Assent:
    return Assent(
        *("await_ready", "ask_store", "store", _ready, STORE_SILENT),
        patience=minutes * 60,
        first_look=_SOON,
        customer=False,
        then="ready",
        by_hand="call the store; retry has it look again, abandon gives the part up",
        on=on,
    )


async def found_less(connection: Connection, case: Case, fact: Mapping[str, Any], effects: StockEffects) -> None:
    """The part goes on with what was found; what was not is not there, and is open again for the order's run."""
    part = await fulfilments.one(connection, case.part)
    short = {line: count - fact["picked"].get(line, 0) for line, count in part.counts().items()}
    short = {line: count for line, count in short.items() if count > 0}
    if not short:
        return
    await order_lines.move(connection, part.order_id, ("come_short",), short)
    blocks = tuple(_trimmed(part, short))
    whole = (await orders.load(connection, part.order_id)).order
    share = Share(blocks, part.share.shipping)
    worth = share_of(whole, share, fulfilment_id=part.fulfilment_id, node_id=part.node_id).totals.grand_total
    await fulfilments.shrink(connection, part.fulfilment_id, blocks, worth.amount)
    missing: dict[str, int] = {}
    for line in case.order.lines:
        if line.line_id in short:
            missing[line.sku.upper()] = missing.get(line.sku.upper(), 0) + short[line.line_id]
    await stock.release_some(connection, part.order_id, part.number, missing)
    await effects.missing(connection, case.part, part.node_id, missing, now=case.now)
    await fulfilments.wake(connection, part.order_id)


def _trimmed(part: Fulfilment, short: Mapping[str, int]) -> list[Block]:
    """Without the last pieces of the lines that came short."""
    left, kept = dict(short), list[Block]()
    for block in reversed(part.share.blocks):
        gone = min(block.quantity, left.get(block.line_id, 0))
        left[block.line_id] = left.get(block.line_id, 0) - gone
        if block.quantity > gone:
            kept.append(Block(block.line_id, block.first, block.quantity - gone))
    return kept[::-1]
