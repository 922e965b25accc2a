"""Who has had a hand in what an invoice bills, and so has no say in whether it is paid."""

from typing import LiteralString

from gateway.store.pool import Connection

_OPERATOR = "operator:"


async def took_part(connection: Connection, po_id: str) -> frozenset[str]:
    """The operators who bought or received it, and those who decided a step of an approval of that."""
    return await _named(connection, f"{_BOUGHT} union {_APPROVED}", po_id)


async def bought_or_received(connection: Connection, po_id: str) -> frozenset[str]:
    """The operators who wrote a revision of the order, confirmed it for its supplier, received goods of it, or bought
    more of it than it says."""
    return await _named(connection, _BOUGHT, po_id)


async def _named(connection: Connection, asked: LiteralString, po_id: str) -> frozenset[str]:
    cursor = await connection.execute(asked, {"po": po_id})
    names = [row[0] for row in await cursor.fetchall()]
    return frozenset(name.removeprefix(_OPERATOR) for name in names if name.startswith(_OPERATOR))


_BOUGHT: LiteralString = """
select made_by from purchase_order where po_id = %(po)s
 union select made_by from purchase_order_revision where po_id = %(po)s
 union select told_by from po_confirmation where po_id = %(po)s
 union select received_by from goods_receipt where po_id = %(po)s
 union select decided_by from surplus join goods_receipt using (receipt_id)
        where po_id = %(po)s and decision = 'accepted'
"""
_APPROVED: LiteralString = """
select 'operator:' || s.decided_by from approval a join approval_step s using (approval_id)
 where a.kind in ('purchase_order', 'over_receipt') and a.subject = %(po)s and s.decided_by is not null
"""
