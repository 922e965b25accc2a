"""What suppliers say is on its way, each notice once, in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.shipping import NoticeState, packed, units
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import delivered_of
from gateway.store.suppliers import alone


@dataclass(frozen=True, slots=True)
class Notice:
    asn_id: str
    asn_number: str
    po_id: str
    supplier_id: str
    state: NoticeState
    shipped_at: datetime
    expected_at: datetime
    document: Mapping[str, Any]  # as it was said: what is packed in what
    content_hash: bytes
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Sought:
    """Which notices are asked for; None: whatever they are. A partner sees those of its supplier."""

    partner: str | None
    asn_id: str | None = None
    po_id: str | None = None
    status: str | None = None


_COLUMNS: LiteralString = """n.asn_id, n.asn_number, n.po_id, n.supplier_id, n.state, n.shipped_at, n.expected_at,
       n.document, n.content_hash, n.version, n.created_at, n.updated_at"""
_SELECT: LiteralString = f"""
select {_COLUMNS}
  from shipping_notice n join supplier s using (supplier_id)
 where (%(partner)s::text is null or s.partner_id = %(partner)s)
   and (%(asn_id)s::text is null or n.asn_id = %(asn_id)s) and (%(po_id)s::text is null or n.po_id = %(po_id)s)
   and (%(status)s::text is null or n.state = %(status)s) and (%(after)s::text is null or n.asn_id < %(after)s)
 order by n.asn_id desc limit %(limit)s
"""


def _read(row: tuple[Any, ...]) -> Notice:
    told = dict(zip(Notice.__slots__, row, strict=True))
    return Notice(**{**told, "state": NoticeState(told["state"])})


async def load_notice(connection: Connection, sought: Sought) -> Notice | None:
    """None: there is none, or it is not that partner's."""
    cursor = await connection.execute(_SELECT, {**asdict(sought), "after": None, "limit": 1})
    row = await cursor.fetchone()
    return _read(row) if row else None


async def list_notices(database: Database, sought: Sought, *, after: str | None, limit: int) -> list[Notice]:
    """The newest first, beginning behind *after*."""
    async with database.connection() as connection:
        cursor = await connection.execute(_SELECT, {**asdict(sought), "after": after, "limit": limit})
        return [_read(row) for row in await cursor.fetchall()]


async def known_notice(connection: Connection, supplier_id: str, asn_number: str) -> Notice | None:
    """What this supplier said under the number. Nobody else tells anything of this supplier's meanwhile."""
    await alone(connection, f"shipping:{supplier_id}")
    sought: LiteralString = f"select {_COLUMNS} from shipping_notice n where supplier_id = %s and asn_number = %s"
    cursor = await connection.execute(sought, (supplier_id, asn_number))
    row = await cursor.fetchone()
    return _read(row) if row else None


async def used_units(connection: Connection, supplier_id: str, ssccs: Sequence[str]) -> Collection[str]:
    """Those of them that stand in a notice of the supplier that is not cancelled."""
    cursor = await connection.execute(_USED, (list(ssccs), supplier_id))
    return {row[0] for row in await cursor.fetchall()}


_USED = """
select u.sscc from shipping_unit u join shipping_notice n using (asn_id)
 where u.sscc = any(%s) and n.supplier_id = %s and n.state <> 'cancelled'
"""


async def in_transit(connection: Connection, po_id: str) -> Mapping[str, int]:
    """Pieces by line that were announced and have not arrived."""
    cursor = await connection.execute(_IN_TRANSIT, (po_id,))
    return {row[0]: int(row[1]) for row in await cursor.fetchall()}


_IN_TRANSIT = """
select line_id, sum(quantity) from shipping_notice join shipping_notice_line using (asn_id)
 where po_id = %s and state = 'in_transit' group by line_id
"""


async def write_notice(connection: Connection, new: Notice, hand: Hand) -> None:
    """The order is locked, and nobody else tells anything of this supplier's."""
    await connection.execute(
        _WRITE,
        (new.asn_id, new.po_id, new.supplier_id, new.asn_number, new.content_hash, Jsonb(dict(new.document)),
         new.state.value, new.shipped_at, new.expected_at, hand.who, hand.trace_id, hand.now, hand.now),
    )  # fmt: skip
    pallets = new.document["pallets"]
    pieces = packed(pallets)
    await connection.execute(_LINES, (new.asn_id, list(pieces), list(pieces.values())))
    await connection.execute(_UNITS, (new.asn_id, [sscc for _, sscc in units(pallets)]))
    await delivered_of(connection, new.po_id, "shipping_announced", hand, {"asn_id": new.asn_id})


_WRITE = """
insert into shipping_notice (asn_id, po_id, supplier_id, asn_number, content_hash, document, state, shipped_at,
                             expected_at, told_by, trace_id, created_at, updated_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_LINES = """
insert into shipping_notice_line (asn_id, line_id, quantity)
select %s, line_id, quantity from unnest(%s::text[], %s::bigint[]) as told (line_id, quantity)
"""
_UNITS = "insert into shipping_unit (asn_id, sscc) select %s, sscc from unnest(%s::text[]) as told (sscc)"


async def move_notice(connection: Connection, notice: Notice, after: NoticeState, hand: Hand) -> None:
    """The order is locked."""
    await connection.execute(_MOVE, (after.value, hand.now, notice.asn_id))
    await delivered_of(connection, notice.po_id, f"shipping_{after.value}", hand, {"asn_id": notice.asn_id})


async def call_off(connection: Connection, po_id: str, hand: Hand) -> None:
    """Nothing that is on its way for the order is awaited any more."""
    sought = Sought(None, po_id=po_id, status=NoticeState.IN_TRANSIT.value)
    cursor = await connection.execute(_SELECT, {**asdict(sought), "after": None, "limit": None})
    for row in await cursor.fetchall():
        await move_notice(connection, _read(row), NoticeState.CANCELLED, hand)


_MOVE = """
update shipping_notice set state = %s, version = version + 1, updated_at = greatest(updated_at, %s) where asn_id = %s
"""
