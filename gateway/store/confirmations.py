"""Suppliers' words about their orders, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from psycopg.types.json import Jsonb

from gateway.domain.confirmations import ConfirmedLine, Outcome
from gateway.store.hands import Hand
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Confirmation:
    confirmation_id: str
    po_id: str
    supplier_ref: str
    content_hash: bytes
    revision: int
    lines: tuple[ConfirmedLine, ...]
    outcome: Outcome
    decision: str | None = None


_SELECT = """
select confirmation_id, po_id, supplier_ref, content_hash, revision, lines, outcome, decision from po_confirmation
 where po_id = %s and (supplier_ref = %s or confirmation_id = %s)
"""


async def known_reference(connection: Connection, po_id: str, supplier_ref: str) -> Confirmation | None:
    """What was said under the supplier's own number. The order is locked."""
    return await _load(connection, po_id, supplier_ref, None)


async def load_confirmation(connection: Connection, po_id: str, confirmation_id: str) -> Confirmation | None:
    return await _load(connection, po_id, None, confirmation_id)


async def _load(connection: Connection, *named: str | None) -> Confirmation | None:
    cursor = await connection.execute(_SELECT, named)
    row = await cursor.fetchone()
    if row is None:
        return None
    lines = tuple(ConfirmedLine(**line) for line in row[5])
    about: tuple[str, str, str, bytes, int] = row[:5]
    return Confirmation(*about, lines, row[6], row[7])


async def write_confirmation(connection: Connection, new: Confirmation, hand: Hand) -> None:
    told = (new.confirmation_id, new.po_id, new.supplier_ref, new.content_hash, new.revision, _rows(new.lines),
            new.outcome, hand.who, hand.now)  # fmt: skip
    await connection.execute(_WRITE, told)


def _rows(lines: Sequence[ConfirmedLine]) -> Jsonb:
    return Jsonb([asdict(line) for line in lines])


_WRITE = """
insert into po_confirmation (confirmation_id, po_id, supplier_ref, content_hash, revision, lines, outcome, told_by,
                             created_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


async def decide_confirmation(connection: Connection, confirmation_id: str, decision: str) -> None:
    await connection.execute(
        "update po_confirmation set decision = %s where confirmation_id = %s", (decision, confirmation_id)
    )
