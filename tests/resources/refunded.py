"""A refund that the payment provider has been asked for, as its workflow writes it down."""

from gateway.domain.identifiers import mint
from gateway.store.pool import Database, Joined
from tests.resources.offers import ready

_REFUNDED = """
with run as (
    insert into run (run_id, saga, version, state, created_at, updated_at)
    values (%(refund)s, 'pay_back', 1, 'waiting', now(), now())
), owed as (
    insert into refund (refund_id, order_id, source_kind, source_id, tranche, part_id, currency, amount, reason, state,
                        created_at, updated_at)
    values (%(refund)s, %(order)s, 'goodwill', %(refund)s, 1, %(part)s, 'GBP', 250, 'other', 'submitted', now(), now())
    returning refund_id
)
insert into refund_line (refund_id, line_id, sku, quantity, net, tax)
select refund_id, '1', 'LAMP-7', 1, 250, 0 from owed
"""


async def refunded(database: Database | Joined, order_id: str) -> str:
    """Of one piece; whether it was made is not known yet."""
    values = {"refund": mint("rfd"), "order": order_id, "part": await ready(database, order_id)}
    async with database.transaction() as connection:
        await connection.execute(_REFUNDED, values)
    return values["refund"]
