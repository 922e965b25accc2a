"""The tester's own door to the suppliers: whose account they use, what they are to play, what they have written."""

import sqlite3

import orjson
from starlette.requests import Request

from adapters.sandbox import supplier, supplier_script
from adapters.sandbox.answers import Json, text
from adapters.sandbox.control import Act, Control, read_body
from adapters.sandbox.ledger import moment

NEWEST = 100
DOCUMENTS = """
SELECT * FROM supplier_documents WHERE coalesce(?1, po_number) = po_number ORDER BY sequence DESC LIMIT ?2
"""


ORDERS = """
SELECT po_id, po_number, message, revision, state, place, attempts FROM supplier_orders
 WHERE coalesce(?1, po_number) = po_number ORDER BY next_at DESC LIMIT ?2
"""


async def set_account(control: Control, request: Request) -> Json:
    """The partner whom the suppliers are to whoever orders."""
    told = control.supplying.door.give(await read_body(request))
    control.supplying.wake()
    return told


async def show_plays(control: Control, request: Request) -> Json:
    return supplier_script.shown(control.ledger)


async def set_plays(control: Control, request: Request) -> Json:
    supplier_script.replace(control.ledger, await read_body(request))
    control.supplying.wake()
    return supplier_script.shown(control.ledger)


async def drop_plays(control: Control, request: Request) -> Json:
    supplier_script.forget(control.ledger)
    return supplier_script.shown(control.ledger)


async def go(control: Control, request: Request) -> Json:
    """What waits goes on: of one order, or of all."""
    body = await read_body(request)
    return {"orders": control.supplying.go(text(body, "po_number") if "po_number" in body else None)}


async def ship(control: Control, request: Request) -> Json:
    """The goods leave, and nobody is told."""
    named = text(await read_body(request), "message_id")
    with control.ledger.transaction():
        supplier.ship(control.ledger, named)
    return {"id": named, "shipped": True}


async def orders(control: Control, request: Request) -> Json:
    rows = control.ledger.rows(ORDERS, request.query_params.get("po_number"), NEWEST)
    return {"orders": [dict(row) for row in rows]}


async def documents(control: Control, request: Request) -> Json:
    rows = control.ledger.rows(DOCUMENTS, request.query_params.get("po_number"), NEWEST)
    return {"documents": [_shown(row) for row in rows]}


def _shown(row: sqlite3.Row) -> Json:
    names = ("sequence", "kind", "number", "key", "po_id", "po_number", "path", "state", "attempts", "last_status")
    answer = row["answer"].decode(errors="replace") if row["answer"] else None
    said = {"body": orjson.loads(row["body"]), "answer": answer, "at": moment(row["at"])}
    return {name: row[name] for name in names} | said


ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("POST", "/supplier/_account", set_account),
    ("GET", "/supplier/_plays", show_plays),
    ("POST", "/supplier/_plays", set_plays),
    ("DELETE", "/supplier/_plays", drop_plays),
    ("POST", "/supplier/_go", go),
    ("POST", "/supplier/_ship", ship),
    ("GET", "/supplier/_orders", orders),
    ("GET", "/supplier/_documents", documents),
)
