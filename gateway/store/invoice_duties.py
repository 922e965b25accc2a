"""Who has had a hand in what an invoice bills, and so has no say in whether it is paid."""

from gateway.store.pool import Connection

_OPERATOR = "operator:"


async def took_part(connection: Connection, po_id: str) -> frozenset[str]:
    """The operators who wrote a revision of the order, decided a step of its approval, confirmed it for its supplier,
    or received goods of it."""
    cursor = await connection.execute(_TOOK_PART, {"po": po_id})
    names = [row[0] for row in await cursor.fetchall()]
    return frozenset(name.removeprefix(_OPERATOR) for name in names if name.startswith(_OPERATOR))


_TOOK_PART = """
select made_by from purchase_order where po_id = %(po)s
 union select made_by from purchase_order_revision where po_id = %(po)s
 union select 'operator:' || s.decided_by from approval a join approval_step s using (approval_id)
        where a.kind = 'purchase_order' and a.subject = %(po)s
 union select told_by from po_confirmation where po_id = %(po)s
 union select received_by from goods_receipt where po_id = %(po)s
"""
