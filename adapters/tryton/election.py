"""
Which sale is the one for a key.

References are not unique in Tryton: of two creates with one reference both succeed, and one that was given up may land
late. So a draft is no booking before it is elected, and only elected ones go on. An election writes two records in one
transaction: our order id on the draft, and the register, a sale that stands for nothing and that all elections write,
on condition that nobody has written it since it was looked at. Who loses this race looks again, and finds who won. It
holds without leases and clocks: there is no moment in which a worker that has been asleep could elect a second one.
"""

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping
from adapters.tryton.transitions import may_be_overtaken
from gateway.errors import Failed, Rejected

SALE = "sale.sale"
ROUNDS = 8  # elections lost to others before the runner is left to try again, later


async def elected(talk: Conversation, mapping: Mapping, wanted: Json, *, order_id: str) -> int:
    """The sale for the reference of the *wanted* one; made, if there is none."""
    for _ in range(ROUNDS):
        seen = await talk.read("book", SALE, mapping.register, ["_timestamp"])
        if seen is None:
            raise Failed("the register of the mapping is no sale in Tryton", system=talk.system)
        sales = await talk.listed("book", SALE, [["reference", "=", wanted["reference"]]], ["state", "description"])
        if done := [each["id"] for each in sales if each["description"]]:
            return int(done[0])
        drafts = [each["id"] for each in sales if each["state"] == "draft"]
        if not drafts:
            await talk.effect("book", f"model.{SALE}.create", [wanted])
        elif await _elect(talk, mapping, seen, drafts[0], order_id=order_id):
            return int(drafts[0])
    raise Failed("too many elections at the same time", system=talk.system)


async def _elect(talk: Conversation, mapping: Mapping, seen: Json, draft: int, *, order_id: str) -> bool:
    register = mapping.register
    marks = ([register], {"comment": order_id}, [draft], {"description": order_id})
    try:
        await talk.effect("book", f"model.{SALE}.write", *marks, _timestamp={f"{SALE},{register}": seen["_timestamp"]})
    except (Rejected, Failed) as lost:  # refused, too: the draft that was elected may be confirmed by now
        if not may_be_overtaken(lost):
            raise
        return False
    return True
