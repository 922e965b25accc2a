"""Who has had a hand in what an invoice bills, and so has no say in whether it is paid."""

from gateway.store.pool import Connection

_OPERATOR = "operator:"


async def took_part(connection: Connection, po_id: str) -> frozenset[str]:
    """The operators who wrote a revision of the order, received goods of it, or bought more of it than it says."""
    cursor = await connection.execute(_TOOK_PART, {"po": po_id})
    names = [row[0] for row in await cursor.fetchall()]
    return frozenset(name.removeprefix(_OPERATOR) for name in names if name.startswith(_OPERATOR))


_TOOK_PART = """
select made_by from purchase_order where po_id = %(po)s
 union select made_by from purchase_order_revision where po_id = %(po)s
 union select received_by from goods_receipt where po_id = %(po)s
 union select decided_by from surplus join goods_receipt using (receipt_id)
        where po_id = %(po)s and decision = 'accepted'
"""
