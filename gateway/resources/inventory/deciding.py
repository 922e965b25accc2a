"""What waits for a person about stock, decided through its exception: by the same rules as at its own address."""

from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.principal import Principal
from gateway.refusals import Conflict, Forbidden
from gateway.resources.inventory.adjusting import refuse_undecidable
from gateway.store import adjustments, snapshots
from gateway.store.divergences import BETWEEN_SOURCES, set_aside
from gateway.store.exceptions import ExceptionRow
from gateway.store.mending import Deed, Mendable
from gateway.store.pool import Connection
from gateway.store.views import Hearing

_ACTIONS = frozenset({"resolve", "abandon"})
_ALWAYS = frozenset({"platform", "admin"})  # besides the role whose work it is


def pending_adjustments(policy: InventoryPolicy, mint: Mint) -> Mendable:
    """`resolve` approves the correction, `abandon` rejects it."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        _refuse_others(seen, deed)
        row = await adjustments.read_adjustment(connection, seen.subject, locked=True)
        assert row is not None, "corrections are kept"
        approved, by, hearing = deed.action == "resolve", _account(deed), Hearing(deed.now, mint, policy)
        refuse_undecidable(row, approved=approved, by=by)
        await adjustments.decide(connection, row, approved=approved, by=by, hearing=hearing)

    return Mendable(_ACTIONS, act)


def quarantined_snapshots() -> Mendable:
    """`resolve` believes the snapshot, which workers apply then; `abandon` drops it."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        _refuse_others(seen, deed)
        row = await snapshots.lock_snapshot(connection, seen.subject)
        assert row is not None, "it is kept while it waits"
        believed = deed.action == "resolve"
        if not await snapshots.decide(connection, row, believed=believed, by=_account(deed), now=deed.now):
            raise Conflict(f"the snapshot is {row.state}, and waits for nobody", effect="none")

    return Mendable(_ACTIONS, act)


def divergences() -> Mendable:
    """`resolve`: who is right has been settled; what was withheld meanwhile is sold again."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        if seen.code.startswith(BETWEEN_SOURCES):
            _refuse_others(seen, deed)
            await set_aside(connection, seen.subject)

    return Mendable(frozenset({"resolve"}), act)


def _account(deed: Deed) -> str:
    """As what they ask for corrections, so that nobody approves their own."""
    account = Principal("operator", deed.operator).account
    assert account is not None, "operators have one"
    return account


def _refuse_others(seen: ExceptionRow, deed: Deed) -> None:
    if not deed.roles & {seen.owner, *_ALWAYS}:
        needed = ", ".join(sorted({seen.owner, *_ALWAYS}))
        raise Forbidden(f"{seen.class_} is decided by one of {needed}", effect="none")
