"""The tester's own door to stores, carrier and customers: what the staff does, where parcels are, what was received."""

from starlette.requests import Request

from adapters.sandbox import carrier, notifications, store_rules, witness
from adapters.sandbox.answers import Json, text
from adapters.sandbox.control import Act, Control, read_body

NEWEST = 100


async def answer(control: Control, request: Request) -> Json:
    """The store accepts or rejects at once, as it would have in its time."""
    task = text(await read_body(request), "task_id")
    return {"id": task, "status": control.picking.take(task, status="asked")}


async def pick(control: Control, request: Request) -> Json:
    """What was accepted is picked at once."""
    task = text(await read_body(request), "task_id")
    return {"id": task, "status": control.picking.take(task, status="accepted")}


async def hand_over(control: Control, request: Request) -> Json:
    """The till hands over to whoever has the code, or to a carrier."""
    task = text(await read_body(request), "task_id")
    return {"id": task, "status": control.picking.take(task, status="ready")}


async def show_rules(control: Control, request: Request) -> Json:
    return store_rules.shown(control.ledger)


async def set_rules(control: Control, request: Request) -> Json:
    store_rules.replace(control.ledger, await read_body(request))
    return store_rules.shown(control.ledger)


async def drop_rules(control: Control, request: Request) -> Json:
    store_rules.replace(control.ledger, {"rules": []})
    return store_rules.shown(control.ledger)


async def callbacks(control: Control, request: Request) -> Json:
    return witness.store_callbacks(control.ledger, request.query_params)


async def scan(control: Control, request: Request) -> Json:
    """The carrier sees a parcel: in transit, delivered, lost."""
    body = await read_body(request)
    label, status = text(body, "label_id"), text(body, "status")
    with control.ledger.transaction():
        carrier.scan(control.ledger, label, status)
    return {"id": label, "status": status}


async def messages(control: Control, request: Request) -> Json:
    return notifications.messages(control.ledger, request.query_params.get("order_id"), NEWEST)


ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("POST", "/store/_answer", answer),
    ("POST", "/store/_pick", pick),
    ("POST", "/store/_hand_over", hand_over),
    ("GET", "/store/_rules", show_rules),
    ("POST", "/store/_rules", set_rules),
    ("DELETE", "/store/_rules", drop_rules),
    ("POST", "/carrier/_scan", scan),
    ("GET", "/ledger/store/callbacks", callbacks),
    ("GET", "/ledger/notifications/messages", messages),
)
