"""
Which draft is the one for a key, where no register elects it.

Of two creates under one key both succeed. So drafts bear our key in their `description`, and count for nothing before
one of them bears the document's `reference`. It gets that by a write to every draft for the key that is seen, on
condition that none of them has been written since. Whoever looks later sees all that was seen before, so any two who
try write one draft in common, and only one of them succeeds. One that lands afterwards is a draft that nobody takes up.
"""

from collections.abc import Awaitable, Callable

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.transitions import ROUNDS, may_be_overtaken
from gateway.errors import Failed, Rejected

TWIN = "a twin of a draft that counts; it stands for nothing"


async def claimed(
    talk: Conversation,
    operation: str,
    model: str,
    wanted: Callable[[], Awaitable[Json | None]],
    *,
    key: str,
    reference: str,
) -> int:
    """The record of *model* for the *key*, with its *reference*; as *wanted*, if there is none. What speaks against
    making one is raised by *wanted*; None: a copy of this call has been faster."""
    for _ in range(ROUNDS):
        known = [["description", "=", key], ["state", "!=", "cancelled"]]
        found = await talk.listed(operation, model, known, ["state", "reference", "_timestamp"])
        if done := [each["id"] for each in found if each["reference"]]:
            return int(done[0])
        drafts = [each for each in found if each["state"] == "draft"]
        if not drafts:
            if (made := await wanted()) is not None:
                await talk.effect(operation, f"model.{model}.create", [{**made, "description": key}])
        elif await _claim(talk, operation, model, drafts, reference=reference):
            return int(drafts[0]["id"])
    raise Failed("too many claims at the same time", system=talk.system)


async def _claim(talk: Conversation, operation: str, model: str, drafts: list[Json], *, reference: str) -> bool:
    first, *twins = (each["id"] for each in drafts)
    values = ([first], {"reference": reference}, *((twins, {"description": TWIN}) if twins else ()))
    unchanged = {f"{model},{each['id']}": each["_timestamp"] for each in drafts}
    try:
        await talk.effect(operation, f"model.{model}.write", *values, _timestamp=unchanged)
    except (Rejected, Failed) as lost:
        if not may_be_overtaken(lost):
            raise
        return False
    return True
