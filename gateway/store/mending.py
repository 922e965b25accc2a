"""What an operator does about an exception: the deed, and the exception settled by it, in one transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.refusals import Conflict, Forbidden
from gateway.store.exceptions import ExceptionRow, settle, tell
from gateway.store.pool import Connection

OWN_QUEUE = frozenset({"viewer", "buyer", "receiver", "accounts_payable"})  # who mend nothing of anybody else's
WORKFLOW = "workflow"  # instead of their class, for exceptions about parked runs


@dataclass(frozen=True, slots=True)
class Deed:
    """What an operator does, and what they saw."""

    action: str
    evidence: str
    operator: str
    now: datetime
    roles: frozenset[str] = frozenset()
    as_: str | None = None  # with resolve: what really happened, succeeded | failed
    reference: str | None = None  # the effect's id at the back end

    @property
    def resolution(self) -> dict[str, Any]:
        told = {"as": self.as_, "reference": self.reference}
        return {
            **{"action": self.action, "operator": self.operator, "evidence": self.evidence},
            **{name: value for name, value in told.items() if value is not None},
        }


Waits = Mapping[str, Any]  # for what a deed waits: it is not done yet
Act = Callable[[Connection, ExceptionRow, Deed], Awaitable[Waits | None]]


async def _nothing(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
    """The person's word is enough."""


@dataclass(frozen=True, slots=True)
class Mendable:
    """What can be done about the exceptions of one class. *act* joins the transaction that settles the exception, locks
    what it changes, and raises `Conflict`, `Invalid` or `Forbidden` when it cannot be done, or not by this operator.
    When others have to agree first, it says what the deed waits for: the exception stays open, and tells that."""

    actions: frozenset[str] = frozenset({"resolve"})
    act: Act = field(default=_nothing)
    always: bool = False  # whatever was offered when it was opened: processes of the version before offer otherwise


_ON_ITS_WORD = Mendable()

Mendables = Mapping[str, Mendable]  # by class; WORKFLOW: parked runs


def allowed(mendables: Mendables, seen: ExceptionRow) -> list[str]:
    """What was offered when it was opened, as far as somebody here can do it."""
    if seen.state != "open":
        return []
    mendable = _mendable(mendables, seen)
    offered = sorted(mendable.actions) if mendable.always else seen.actions
    return [action for action in offered if action in mendable.actions]


def refuse_unless_allowed(mendables: Mendables, seen: ExceptionRow, action: str) -> None:
    if seen.state != "open":
        raise Conflict(f"{seen.exception_id} is resolved already; nothing was changed", effect="none")
    if action not in (offered := allowed(mendables, seen)):
        known = ", ".join(offered) or "nothing"
        raise Conflict(f"{seen.exception_id} does not offer '{action}'; it offers {known}", effect="none")


async def mend(connection: Connection, mendables: Mendables, seen: ExceptionRow, deed: Deed) -> ExceptionRow:
    """The exception as it stands then. Raises `Conflict` unless it still is as it was *seen*, and offers the action;
    `Forbidden`, when it is not theirs to mend."""
    refuse_unless_allowed(mendables, seen, deed.action)
    if deed.roles and deed.roles <= OWN_QUEUE and seen.owner not in deed.roles:
        raise Forbidden(f"the exception is in the queue of {seen.owner}", effect="none")
    waits = await _mendable(mendables, seen).act(connection, seen, deed)
    if waits is not None:
        return await tell(connection, seen, waits)
    await settle(connection, seen, deed.resolution, now=deed.now)
    return _settled(seen, deed)


def _settled(seen: ExceptionRow, deed: Deed) -> ExceptionRow:
    return replace(seen, state="resolved", resolved_at=deed.now, resolution=deed.resolution, version=seen.version + 1)


def _mendable(mendables: Mendables, seen: ExceptionRow) -> Mendable:
    return mendables.get(WORKFLOW if seen.workflow else seen.class_, _ON_ITS_WORD)
