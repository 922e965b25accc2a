"""What a workflow writes down: offers of orders, and parts of them that their customer can fetch."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from gateway.domain.handovers import hash_of_code
from gateway.domain.identifiers import mint
from gateway.store.pool import Database, Joined

CODE, WRONG = "402519", "402510"
STORE = ("leeds", "Leeds, Briggate")

_STORE = """
insert into node (node_id, type, name, source_id, document) values (%s, 'store', %s, 'wms', '{"timezone": "UTC"}')
    on conflict do nothing
"""
_OFFER = """
insert into offer (offer_id, order_id, group_id, kind, node_id, lines, state, made_at, expires_at)
values (%s, %s, %s, %s, 'leeds', %s, 'open', now(), now() + %s)
"""
# Its number is out of the way of what a workflow plans meanwhile.
_PART = """
with part as (
    insert into fulfilment (fulfilment_id, order_id, number, group_id, node_id, method, status, shipping, amount,
                            trace_id, created_at, updated_at)
    select %(part)s, %(order)s, 900 + (select count(*) from fulfilment where order_id = %(order)s),
           document #>> '{delivery_groups,0,id}', 'main', 'ship_to_home', 'released', 0, 0, '', now(), now()
      from orders where order_id = %(order)s returning fulfilment_id
), run as (
    insert into run (run_id, saga, version, state, parent_id, created_at, updated_at)
    values (%(part)s, 'fulfil', 2, 'waiting', %(order)s, now(), now())
), line as (
    insert into fulfilment_line (fulfilment_id, line_id, first, quantity) select fulfilment_id, '1', 0, 1 from part
)
insert into pickup (fulfilment_id, code_hash, ready_at, expires_at)
select fulfilment_id, %(hash)s, now(), now() + %(left)s from part
"""


async def offered(
    database: Database | Joined,
    order_id: str,
    kind: str = "other_store",
    *,
    group: str | None = None,
    seconds: int = 3600,
    name: str = "",
) -> str:
    """Something that its customer has to agree to, for so many seconds. No *group*: of an order that goes one way."""
    offer_id = name or mint("off")
    async with database.transaction() as connection:
        await connection.execute(_STORE, STORE)
        values = (offer_id, order_id, group, kind, Jsonb({"1": 2}), timedelta(seconds=seconds))
        await connection.execute(_OFFER, values)
    return offer_id


async def ready(database: Database | Joined, order_id: str, *, seconds: int = 3600, name: str = "") -> str:
    """A part of the order that its customer can fetch with the CODE, for so many seconds."""
    part = name or mint("ful")
    values = {"part": part, "order": order_id, "hash": hash_of_code(part, CODE), "left": timedelta(seconds=seconds)}
    async with database.transaction() as connection:
        await connection.execute(_PART, values)
    return part
