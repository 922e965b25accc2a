"""
Which sale is the one for a key.

References are not unique in Tryton: of two creates with one reference both succeed, and one that was given up may land
late. So a draft is no booking before it is elected, and only elected ones go on. An election writes two records in one
transaction: our order id on the draft, and the register, a sale that stands for nothing and that all elections write,
on condition that nobody has written it since it was looked at. Who loses this race looks again, and finds who won. It
holds without leases and clocks: there is no moment in which a worker that has been asleep could elect a second one.
"""

from collections.abc import Awaitable, Callable

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping
from adapters.tryton.transitions import may_be_overtaken
from gateway.errors import Failed, Rejected

MayBe = Callable[[], Awaitable[None]]

SALE = "sale.sale"
ROUNDS = 8  # elections lost to others before the runner is left to try again, later


async def elected(
    talk: Conversation,
    mapping: Mapping,
    wanted: Json,
    *,
    mark: str,
    operation: str = "book",
    may_be: MayBe | None = None,
) -> int:
    """The sale for the reference of the *wanted* one; made, if there is none. *mark*: what its description says then.

    *may_be* raises what speaks against it, as of before this election: nothing else has been elected since.
    """
    for _ in range(ROUNDS):
        seen = await talk.read(operation, SALE, mapping.register, ["_timestamp"])
        if seen is None:
            raise Failed("the register of the mapping is no sale in Tryton", system=talk.system)
        sales = await talk.listed(operation, SALE, [["reference", "=", wanted["reference"]]], ["state", "description"])
        if done := [each["id"] for each in sales if each["description"]]:
            return int(done[0])
        if may_be is not None:
            await may_be()
        drafts = [each["id"] for each in sales if each["state"] == "draft"]
        if not drafts:
            await talk.effect(operation, f"model.{SALE}.create", [wanted])
        elif await _elect(talk, operation, (mapping.register, drafts[0]), seen, mark=mark):
            return int(drafts[0])
    raise Failed("too many elections at the same time", system=talk.system)


async def _elect(talk: Conversation, operation: str, both: tuple[int, int], seen: Json, *, mark: str) -> bool:
    register, draft = both
    marks = ([register], {"comment": mark}, [draft], {"description": mark})
    try:
        await talk.effect(
            operation, f"model.{SALE}.write", *marks, _timestamp={f"{SALE},{register}": seen["_timestamp"]}
        )
    except (Rejected, Failed) as lost:  # refused, too: the draft that was elected may be confirmed by now
        if not may_be_overtaken(lost):
            raise
        return False
    return True
