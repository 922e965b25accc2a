"""A draft of a sale that comes to what was promised."""

from decimal import Decimal

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping
from adapters.tryton.sales import service_line
from gateway.errors import Rejected

SALE = "sale.sale"
FIELDS = ["_timestamp", "total_amount"]


async def balanced(
    talk: Conversation, operation: str, mapping: Mapping, found: Json, to: tuple[Decimal, Decimal]
) -> bool:
    """The draft *found* comes *to* the first amount, if need be by a line for what taxes were rounded otherwise, which
    is the second one at most. False: it has changed since it was seen."""
    promised, most = to
    off = promised - found["total_amount"]
    if not off:
        return True
    if mapping.rounding is None or abs(off) > most:
        raise _mismatch(talk, f"Tryton comes to {found['total_amount']}, which is {off} less")
    seen = await talk.read(operation, SALE, found["id"], FIELDS)
    if seen is None or seen["total_amount"] != found["total_amount"]:
        return False
    unchanged = {f"{SALE},{found['id']}": seen["_timestamp"]}
    added = {"lines": [["create", [service_line(mapping.rounding, off, mapping)]]]}
    await talk.effect(operation, f"model.{SALE}.write", [found["id"]], added, _timestamp=unchanged)
    again = await talk.read(operation, SALE, found["id"], FIELDS)
    if again is None or again["total_amount"] != promised:
        raise _mismatch(talk, "Tryton comes to another total")
    return True


def _mismatch(talk: Conversation, said: str) -> Rejected:
    return Rejected(f"{talk.system} said no: {said}", system=talk.system, code="total_mismatch", said=said)
