"""Purchase orders as routes see them: made once, revised, locked and moved, inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.purchase_orders import OrderState, PurchaseLine, read_lines, total
from gateway.domain.receiving import Delivered
from gateway.store import answers, purchases, supplier_reminders
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database
from gateway.store.suppliers import alone


@dataclass(frozen=True, slots=True)
class Revision:
    revision: int
    lines: tuple[PurchaseLine, ...]
    total: int
    changes: tuple[str, ...]  # pointers to what differs from the revision before
    reason: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    po_id: str
    po_number: str
    supplier_id: str
    currency: str
    state: OrderState
    issued_revision: int | None  # the one that the supplier sees
    made_by: str
    version: int
    created_at: datetime
    updated_at: datetime
    revision: Revision  # the one that was asked for; else the last, or for a partner the issued one
    approval_id: str | None = None
    approval: str | None = None  # its state
    said: Mapping[str, Any] | None = None  # the supplier's last word about it, as its row
    delivered: Mapping[str, Delivered] = field(default_factory=dict)  # by line; nothing is said of what was not sent


@dataclass(frozen=True, slots=True)
class Sought:
    """Which orders are asked for; None: whatever they are. A partner sees of its supplier what was issued."""

    partner: str | None
    po_id: str | None = None
    revision: int | None = None
    supplier_id: str | None = None
    po_number: str | None = None


_SELECT: LiteralString = """
select o.po_id, o.po_number, o.supplier_id, o.currency, o.state, o.issued_revision, o.made_by, o.version,
       o.created_at, o.updated_at, r.revision, r.lines, r.total, r.changes, r.reason, r.made_by, r.made_at,
       a.approval_id, a.state, c.confirmation, delivered(o.po_id)
  from purchase_order o join supplier s using (supplier_id)
  join purchase_order_revision r on r.po_id = o.po_id and r.revision = coalesce(%(revision)s,
       case when %(partner)s::text is null then o.revision else o.issued_revision end)
  left join lateral (
       select approval_id, state from approval where kind = 'purchase_order' and subject = o.po_id
        order by state in ('pending', 'approved') desc, created_at desc, approval_id desc limit 1) a on true
  left join lateral (
       select to_jsonb(p) as confirmation from po_confirmation p where p.po_id = o.po_id
        order by confirmation_id desc limit 1) c on true
 where (%(partner)s::text is null or (s.partner_id = %(partner)s and r.issued_at is not null))
   and (%(po_id)s::text is null or o.po_id = %(po_id)s)
   and (%(supplier_id)s::text is null or o.supplier_id = %(supplier_id)s)
   and (%(po_number)s::text is null or o.po_number = %(po_number)s)
   and (%(after)s::text is null or o.po_id < %(after)s)
 order by o.po_id desc limit %(limit)s
"""


def _values(sought: Sought, *, after: str | None, limit: int) -> Mapping[str, Any]:
    named = ("partner", "po_id", "revision", "supplier_id", "po_number")
    return {**{name: getattr(sought, name) for name in named}, "after": after, "limit": limit}


def _read(row: tuple[Any, ...]) -> PurchaseOrder:
    number, lines, amount, changes, reason, made_by, made_at = row[10:17]
    revision = Revision(number, read_lines(lines), amount, tuple(changes), reason, made_by, made_at)
    state, rest = OrderState(row[4]), dict(zip(_NAMES, row[5:10], strict=True))
    about: tuple[str, str, str, str] = row[:4]
    delivered = {line_id: Delivered(**told) for line_id, told in (row[20] or {}).items()}
    return PurchaseOrder(
        *about,
        state,
        **rest,
        revision=revision,
        approval_id=row[17],
        approval=row[18],
        said=row[19],
        delivered=delivered,
    )


_NAMES = ("issued_revision", "made_by", "version", "created_at", "updated_at")


async def load_order(connection: Connection, sought: Sought) -> PurchaseOrder | None:
    """None: there is none, it is not that partner's, or was not issued to it."""
    cursor = await connection.execute(_SELECT, _values(sought, after=None, limit=1))
    row = await cursor.fetchone()
    return _read(row) if row else None


async def list_orders(database: Database, sought: Sought, *, after: str | None, limit: int) -> list[PurchaseOrder]:
    """The newest first, beginning behind *after*."""
    async with database.connection() as connection:
        cursor = await connection.execute(_SELECT, _values(sought, after=after, limit=limit))
        return [_read(row) for row in await cursor.fetchall()]


async def lock_order(connection: Connection, po_id: str) -> None:
    """After the runs that carry it out."""
    await purchases.lock(connection, po_id)
    await connection.execute("select 1 from purchase_order where po_id = %s for no key update", (po_id,))


async def known_number(connection: Connection, po_number: str) -> tuple[str, bytes, Mapping[str, Any]] | None:
    """The order of that number, and what made it: its hash and the document. Nobody else makes one meanwhile."""
    await alone(connection, f"purchase-order:{po_number}")
    sought = "select po_id, content_hash, document from purchase_order where po_number = %s"
    cursor = await connection.execute(sought, (po_number,))
    row = await cursor.fetchone()
    return (row[0], row[1], row[2]) if row else None


async def make_order(
    connection: Connection, po_id: str, said: Mapping[str, Any], content_hash: bytes, hand: Hand
) -> None:
    values = {
        **{"id": po_id, "number": said["po_number"], "hash": content_hash, "document": Jsonb(dict(said))},
        **{"supplier": said["supplier_id"], "currency": said["currency"]},
        **{"by": hand.who, "trace": hand.trace_id, "now": hand.now},
    }
    await connection.execute(_MAKE, values)
    first = Revision(1, read_lines(said["lines"]), 0, (), "made", hand.who, hand.now)
    await _write(connection, po_id, said["currency"], first)
    await _tell(connection, po_id, "created", hand, {"status": OrderState.DRAFT.value, "revision": 1})


_MAKE = """
insert into purchase_order (po_id, po_number, content_hash, document, supplier_id, currency, state, revision, made_by,
                            trace_id, created_at, updated_at)
values (%(id)s, %(number)s, %(hash)s, %(document)s, %(supplier)s, %(currency)s, 'draft', 1, %(by)s, %(trace)s, %(now)s,
        %(now)s)
"""


async def _write(connection: Connection, po_id: str, currency: str, new: Revision) -> None:
    lines = Jsonb([line.document for line in new.lines])
    amount = total(new.lines, currency).amount
    told = (po_id, new.revision, lines, amount, list(new.changes), new.reason, new.made_by, new.made_at)
    await connection.execute(_REVISION, told)


_REVISION = """
insert into purchase_order_revision (po_id, revision, lines, total, changes, reason, made_by, made_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""


async def revise(
    connection: Connection,
    before: PurchaseOrder,
    lines: Sequence[PurchaseLine],
    changes: Sequence[str],
    hand: Hand,
    *,
    reason: str,
    state: OrderState = OrderState.DRAFT,
) -> None:
    """It is of one revision more: a draft again, while the supplier goes on seeing the one that it knows; or what the
    supplier itself said."""
    number = before.revision.revision + 1
    new = Revision(number, tuple(lines), 0, tuple(changes), reason, hand.who, hand.now)
    await _write(connection, before.po_id, before.currency, new)
    await move_order(connection, before.po_id, state, hand, revision=number)


async def move_order(connection: Connection, po_id: str, after: OrderState, hand: Hand, *, revision: int) -> None:
    issued = revision if after in (OrderState.ISSUED, OrderState.CONFIRMED) else None
    if issued is not None:
        await connection.execute(_ISSUE, (hand.now, po_id, issued))
    await connection.execute(_MOVE, (after.value, revision, issued, hand.now, po_id))
    await _tell(connection, po_id, after.value, hand, {"status": after.value, "revision": revision})
    await answers.answered(connection, po_id, after, hand)
    if after is OrderState.CONFIRMED:
        await supplier_reminders.await_notices(connection, po_id, hand)
    else:
        await supplier_reminders.delivery_moved(connection, po_id, now=hand.now)
    await purchases.order_moved(connection, po_id, after, now=hand.now)


_ISSUE = "update purchase_order_revision set issued_at = coalesce(issued_at, %s) where po_id = %s and revision = %s"
_MOVE = """
update purchase_order set state = %s, revision = %s, issued_revision = coalesce(%s, issued_revision),
       version = version + 1, updated_at = greatest(updated_at, %s)
 where po_id = %s
"""


async def delivered_of(connection: Connection, po_id: str, kind: str, hand: Hand, facts: Mapping[str, Any]) -> None:
    """Something of it was sent or came, which its view tells: it is of one version more."""
    await connection.execute(_TOUCH, (hand.now, po_id))
    await supplier_reminders.delivery_moved(connection, po_id, now=hand.now)
    await _tell(connection, po_id, kind, hand, facts)


_TOUCH = "update purchase_order set version = version + 1, updated_at = greatest(updated_at, %s) where po_id = %s"


async def _tell(connection: Connection, po_id: str, kind: str, hand: Hand, data: Mapping[str, Any]) -> None:
    name = f"com.omnigate.purchase_order.{kind}.v1"
    told = (hand.mint("evt"), po_id, name, hand.now, hand.trace_id, Jsonb(dict(data)))
    await connection.execute("select record_event(%s, %s, %s, %s, %s, %s)", told)
