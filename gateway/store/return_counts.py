"""What came back, and what it was found to be: each receipt and each inspection once, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.domain.feeds import Delta
from gateway.domain.quantities import Impossible
from gateway.domain.returns import RESTOCK, Return, ReturnLine, ReturnState
from gateway.refusals import Conflict
from gateway.store import adjustments
from gateway.store.exceptions import Opening, open_exception
from gateway.store.feeds import take_deltas
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.returns import happened, load_return, lock_return, write_counts
from gateway.store.signals import Signal, lock_run, signal
from gateway.store.views import Hearing

UNMATCHED, OVER_RECEIPT = "returns/unmatched", "returns/over_receipt"
UNMATCHED_CODE, OVER_RECEIPT_CODE = "unmatched_return", "over_receipt"


@dataclass(frozen=True, slots=True)
class Document:
    """A receipt or an inspection: *number* is whose gives it at that node, the same for ever."""

    node_id: str
    number: str
    content_hash: bytes
    document: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """So many pieces of a line came; so many more should have been among them."""

    line_id: str
    received: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """So many pieces of a line were found to be so."""

    line_id: str
    quantity: int
    accepted: bool
    disposition: str


async def lock(connection: Connection, seen: Return) -> None:
    """The runs first, as everywhere: the order's, too, which gets a new version, and whose stock may be locked."""
    await lock_run(connection, seen.order_id)
    await lock_run(connection, seen.return_id)
    await lock_return(connection, seen.return_id)


async def known_receipt(connection: Connection, node_id: str, receipt_id: str) -> tuple[bytes, str | None] | None:
    """What it said (as a hash), and which return it is of."""
    await _alone(connection, f"receipt:{node_id}:{receipt_id}")
    cursor = await connection.execute(
        "select content_hash, return_id from return_receipt where node_id = %s and receipt_id = %s",
        (node_id, receipt_id),
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def known_inspection(connection: Connection, node_id: str, inspection_id: str) -> tuple[bytes, str] | None:
    await _alone(connection, f"inspection:{node_id}:{inspection_id}")
    cursor = await connection.execute(
        "select content_hash, return_id from return_inspection where node_id = %s and inspection_id = %s",
        (node_id, inspection_id),
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def _alone(connection: Connection, key: str) -> None:
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))


async def receive(
    connection: Connection, seen: Return, counted: Sequence[Counted], told: Document, hand: Hand
) -> Return:
    """Write the receipt down and count it. The return is locked, authorised, and as it was *seen*.

    What came beyond what was authorised opens an exception. Raises `Conflict` when more is missing than is outstanding.
    """
    await connection.execute(
        _RECEIPT,
        (told.node_id, told.number, seen.return_id, told.content_hash, Jsonb(dict(told.document)), hand.who, told.at,
         hand.now),
    )  # fmt: skip
    return await count(connection, seen, counted, hand, source=f"receipt:{told.node_id}:{told.number}")


_RECEIPT = """
insert into return_receipt (node_id, receipt_id, return_id, content_hash, document, account, received_at, recorded_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""


async def count(connection: Connection, seen: Return, counted: Sequence[Counted], hand: Hand, *, source: str) -> Return:
    lines = {line.line_id: line for line in seen.lines}
    try:
        for each in counted:
            line = lines[each.line_id]
            after = line.quantities.receive(each.received).miss(each.missing)
            lines[each.line_id] = replace(line, quantities=after)
    except Impossible as error:
        raise Conflict(f"{error}", effect="none") from error
    changed = await _written(connection, seen, lines, hand, kind="received", source=source)
    await _tell_surplus(connection, seen, changed, hand)
    return changed


async def _written(
    connection: Connection, seen: Return, lines: Mapping[str, ReturnLine], hand: Hand, *, kind: str, source: str
) -> Return:
    changed = replace(seen, lines=tuple(lines.values()))
    await write_counts(connection, seen.return_id, changed.lines)
    await happened(connection, seen.return_id, kind, hand, data={"status": changed.status})
    fact = Signal(hand.mint("sig"), seen.return_id, kind, source, {"status": changed.status})
    await signal(connection, fact, now=hand.now, trace_id=hand.trace_id)
    return changed


async def _tell_surplus(connection: Connection, before: Return, after: Return, hand: Hand) -> None:
    pairs = zip(before.lines, after.lines, strict=True)
    if any(now.quantities.surplus > was.quantities.surplus for was, now in pairs):
        too_many = {line.line_id: line.quantities.surplus for line in after.lines if line.quantities.surplus}
        evidence = {"order_id": after.order_id, "surplus": too_many}
        opening = Opening(hand.mint("xcp"), OVER_RECEIPT, OVER_RECEIPT_CODE, after.return_id, evidence, ("resolve",))
        await open_exception(connection, opening, now=hand.now)


async def inspect(
    connection: Connection, seen: Return, looked: Sequence[Looked], told: Document, *, hearing: Hearing, hand: Hand
) -> Return:
    """What came is what it was found to be; what is fit for sale goes back on the shelf where it was looked at.

    The return is locked, and as it was *seen*. Raises `Conflict` when not so many came that nobody has looked at.
    """
    await connection.execute(
        _INSPECTION,
        (told.node_id, told.number, seen.return_id, told.content_hash, Jsonb(dict(told.document)), hand.who, hand.now),
    )
    lines = {line.line_id: line for line in seen.lines}
    try:
        for each in looked:
            line = lines[each.line_id]
            quantities = line.quantities
            after = quantities.accept(each.quantity) if each.accepted else quantities.reject(each.quantity)
            lines[each.line_id] = replace(line, quantities=after)
    except Impossible as error:
        raise Conflict(f"{error}", effect="none") from error
    source = f"inspection:{told.node_id}:{told.number}"
    changed = await _written(connection, seen, lines, hand, kind="inspected", source=source)
    await _restock(connection, seen, looked, told, hearing)
    return changed


_INSPECTION = """
insert into return_inspection (node_id, inspection_id, return_id, content_hash, document, account, recorded_at)
values (%s, %s, %s, %s, %s, %s, %s)
"""


async def _restock(
    connection: Connection, seen: Return, looked: Sequence[Looked], told: Document, hearing: Hearing
) -> None:
    """Once: the inspection's number names the fact, and the node's truth takes a fact once."""
    skus = {line.line_id: line.sku for line in seen.lines}
    fit: dict[str, int] = {}
    for each in looked:
        if each.accepted and each.disposition == RESTOCK:
            fit[skus[each.line_id]] = fit.get(skus[each.line_id], 0) + each.quantity
    for sku, pieces in sorted(fit.items()):
        place = (sku, told.node_id, "new")
        truth = (await adjustments.look(connection, place, "on_hand")).truth
        event = f"adj:{told.node_id}:{told.number}:{sku}"
        delta = Delta(event, place, pieces, "return", told.at, "on_hand", seen.return_id)
        await take_deltas(connection, truth, [delta], hearing, why="return")


async def put_aside(connection: Connection, told: Document, hand: Hand, *, evidence: Mapping[str, Any]) -> None:
    """Goods that nobody knew would come, or not any more: an operator finds out what they are of."""
    await connection.execute(
        _RECEIPT,
        (told.node_id, told.number, None, told.content_hash, Jsonb(dict(told.document)), hand.who, told.at, hand.now),
    )
    opening = Opening(
        hand.mint("xcp"), UNMATCHED, UNMATCHED_CODE, f"{told.node_id}:{told.number}", evidence, ("resolve", "abandon")
    )
    await open_exception(connection, opening, now=hand.now)


async def match(connection: Connection, subject: str, return_id: str, hand: Hand) -> None:
    """The goods of a receipt without a return belong to this one: counted there, line by line as far as SKUs agree.

    Raises `Conflict` when the return cannot receive them, or has none of their SKUs.
    """
    found = await load_return(connection, return_id)
    if found is not None:
        await lock(connection, found.told)
        found = await load_return(connection, return_id)
    if found is None or found.told.state is not ReturnState.AUTHORISED:
        raise Conflict(f"{return_id} is no return that can receive anything", effect="none")
    node_id, _, number = subject.partition(":")
    cursor = await connection.execute(_MATCH, (return_id, hand.who, node_id, number))
    row = await cursor.fetchone()
    if row is None:
        raise Conflict("these goods have been matched already", effect="none")
    counted = dealt(found.told, row[0]["lines"])
    await count(connection, found.told, counted, hand, source=f"receipt:{subject}")


_MATCH = """
update return_receipt set return_id = %s, matched_by = %s
 where node_id = %s and receipt_id = %s and return_id is null returning document
"""


def dealt(seen: Return, lines: Sequence[Mapping[str, Any]]) -> list[Counted]:
    """Pieces by SKU onto the return's lines: first where some are outstanding, the rest on the SKU's last line."""
    counted: list[Counted] = []
    for told in lines:
        sku, left = told["sku"].upper(), int(told["quantity"])
        own = [line for line in seen.lines if line.sku == sku]
        if not own:
            raise Conflict(f"the return has no line of {sku}", effect="none")
        for line in own:
            pieces = left if line is own[-1] else min(left, line.quantities.outstanding)
            left -= pieces
            if pieces:
                counted.append(Counted(line.line_id, pieces))
    return counted
