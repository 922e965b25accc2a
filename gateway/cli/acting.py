"""Who types a command that changes something: an operator of the registry, proven by client id and secret."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.cli.opened import database, database_url
from gateway.domain.principal import Principal
from gateway.domain.time import system_clock
from gateway.errors import Misconfigured
from gateway.partners.operators import identify, refuse_unless_one_of
from gateway.settings import Settings, read_settings
from gateway.store.pool import Database

Result = TypeVar("Result")
Work = Callable[[Database, Principal], Awaitable[Result]]

PLATFORM = frozenset({"platform"})
MENDERS = frozenset({"support", "inventory_controller", "finance", "approver", "platform"})
OF_EXCEPTIONS = MENDERS | {"buyer", "receiver", "accounts_payable"}  # those who buy: in their own queue alone
APPROVERS = frozenset({"approver"})
CONTROLLERS = frozenset({"inventory_controller", "platform"})
ADMIN = frozenset({"admin"})


def acting(work: Work[Result], *, roles: frozenset[str]) -> Result:
    """Have *work* done on the database in the name of the operator, who holds one of *roles* or is an admin."""
    settings = read_settings()

    async def done(url: str) -> Result:
        async with database(url, name="omnigate-cli") as opened:
            operator = await operator_of_shell(settings, opened)
            refuse_unless_one_of(roles, operator)
            return await work(opened, operator)

    refuse_unless_named(settings)
    with database_url(settings) as url:
        return asyncio.run(done(url))


def reading(work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Have *work* done that changes nothing: whoever has the database may look."""

    async def done(url: str) -> Result:
        async with database(url, name="omnigate-cli") as opened:
            return await work(opened)

    with database_url(read_settings()) as url:
        return asyncio.run(done(url))


async def operator_of_shell(settings: Settings, opened: Database) -> Principal:
    """The operator that the environment names."""
    client_id, secret = refuse_unless_named(settings)
    return await identify(opened, client_id, secret, clock=system_clock)


def refuse_unless_named(settings: Settings) -> tuple[str, str]:
    """Client id and secret of whoever types."""
    if not settings.operator_id or settings.operator_secret is None:
        raise Misconfigured(
            "who are you? Set OMNIGATE_OPERATOR_ID and OMNIGATE_OPERATOR_SECRET to the client id and secret that"
            " `omnigate operators add` printed"
        )
    return settings.operator_id, settings.operator_secret.get_secret_value()
