"""The Monday's scenes: what comes back of the Saturday, what goes wrong about it, and how each of them has to end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid5

from gateway.cli.channel import NAMESPACE, Json, Refusal
from gateway.cli.monday_desk import APPROVER, SUPPORT, Desk
from gateway.cli.saturday_goods import MAIN, RUSH
from gateway.cli.saturday_report import pounds
from gateway.cli.saturday_scenes import IN_THE_RUSH
from gateway.cli.saturday_town import granted
from gateway.errors import Unavailable

LOST_ANSWER = [
    {"system": "psp", "operation": "refund", "kind": "error_after", "next": 1},
    {"system": "psp", "operation": "find_effects", "kind": "delay", "probability": 0},  # counts look-ups, strikes none
]
YES = "the goods are back"


@dataclass(frozen=True, slots=True)
class Return:
    """*why*: the decision that is taken about it; *expected*: how it has to end."""

    title: str
    why: str
    expected: str
    play: Callable[[Desk], Awaitable[str]]


async def played(scene: Awaitable[str]) -> str:
    """What came of it; a scene that came to no end says so."""
    came = "no end"
    try:
        came = await scene
    except* Unavailable as several:
        came = str(several.exceptions[0])
    return came


def told(seen: Json) -> str:
    """A return's end in a line, like `closed; £35.00 succeeded, credit memo posted`."""
    refunds = (
        f"{pounds(each['amount']['amount'])} {each['status']}, credit memo {each['credit_memo']['status']}"
        for each in seen.get("refunds", [])
    )
    return "; ".join([seen["status"], *refunds])


async def ordinary(desk: Desk) -> str:
    return_id = await desk.asked("fetched", 1)
    await desk.came_back("fetched", return_id, 1)
    return told(await desk.closed("fetched", return_id))


async def in_part(desk: Desk) -> str:
    return_id = await desk.asked("short", 2)
    await desk.came_back("short", return_id, 1, broken=1)
    return told(await desk.closed("short", return_id))


async def lost_answer(desk: Desk) -> str:
    """The provider pays, and we do not hear of it."""
    return_id = await desk.asked("missed", 2)
    await desk.town.tell("/faults", {"rules": LOST_ANSWER})
    try:
        await desk.came_back("missed", return_id, 2)
        seen = await desk.closed("missed", return_id)
        lost, looked = (await desk.town.ask("/faults"))["rules"]
    finally:
        await desk.town.tell("/faults", {"rules": []})
    paid = [each for each in await desk.town.effects("psp", seen["order_id"]) if each["kind"] == "refund"]
    asked = "looked up" if looked["met"] else "not looked up"
    return f"{told(seen)}; answers lost {lost['struck']}, {asked}, refunds made {len(paid)}"


async def unannounced(desk: Desk) -> str:
    """A parcel without a word. Support finds whose it is, asks for the return and says that the goods are of it."""
    order, number = await _bought_in_the_rush(desk), "GR-no-slip"
    line = {"sku": RUSH, "quantity": 1, "condition": "new"}
    body = {"receipt_id": number, "node_id": MAIN, "lines": [line], "label": "no slip"}
    await desk.receive_unannounced(body)
    waits = await desk.exception(f"{MAIN}:{number}")
    return_id = await desk.asked(order, 1, by=desk.people[SUPPORT])
    deed = {"action": "resolve", "reference": return_id, "evidence": "the label's number is of this customer's order"}
    await granted(desk.people[SUPPORT], f"/v1/exceptions/{waits['exception_id']}/actions", deed)
    await desk.inspected(order, return_id, 1)
    came = told(await desk.closed(order, return_id))
    mended = await desk.exception(f"{MAIN}:{number}")
    return f"{came}; {waits['code']} {waits['state']}, then {mended['state']}"


async def _bought_in_the_rush(desk: Desk) -> str:
    """One of those who got a piece."""
    for name in (f"rush-{number}" for number in range(IN_THE_RUSH)):
        if (await desk.town.order(desk.town.called(name)))["status"] == "completed":
            return name
    raise Unavailable("nobody got anything in the rush")


async def approved(desk: Desk) -> str:
    """Support asks for it, and may approve, but not of its own."""
    return_id = await desk.asked("from-store", 2, by=desk.people[SUPPORT])
    await desk.came_back("from-store", return_id, 2)
    asked = await desk.to_approve(240_00)
    path = f"/v1/approvals/{asked['approval_id']}/approve"
    yes = {"reason": YES, "content_hash": asked["content_hash"]}
    own = await desk.people[SUPPORT].post(path, yes, key=str(uuid5(NAMESPACE, path)))
    if not isinstance(own, Refusal):
        raise Unavailable("who asked for the return approved of its refund")
    done = await granted(desk.people[APPROVER], path, yes)
    by = ", ".join(step["role"] for step in done["steps"])
    return f"{told(await desk.closed('from-store', return_id))}; {own.code}, then {done['status']} by the {by}"


TOGETHER = (
    Return(
        "one of two comes back",
        "accepted on inspection, below the limit: paid back by policy",
        "closed; £35.00 succeeded, credit memo posted",
        ordinary,
    ),
    Return(
        "two come back, one of them broken",
        "the broken one is rejected and scrapped: one is paid back",
        "closed; £12.00 succeeded, credit memo posted",
        in_part,
    ),
    Return(
        "a parcel that nobody announced",
        "waits for a person, who finds its order and matches it",
        "closed; £55.00 succeeded, credit memo posted; unmatched_return open, then resolved",
        unannounced,
    ),
    Return(
        "more than £100.00",
        "an approver says yes, and not the one who asked for the return",
        "closed; £240.00 succeeded, credit memo posted; self_approval_forbidden, then approved by the approver",
        approved,
    ),
)
ALONE = Return(  # whoever is refunded first meets its fault
    "the payment provider's answer is lost",
    "unknown is not no: asked after before anything is paid again",
    "closed; £84.00 succeeded, credit memo posted; answers lost 1, looked up, refunds made 1",
    lost_answer,
)
