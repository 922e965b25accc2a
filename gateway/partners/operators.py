"""The registry of operators: what `omnigate operators` does, and who it is that types a command."""

import secrets
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from gateway.domain.identifiers import Mint
from gateway.domain.principal import Principal
from gateway.domain.time import Clock
from gateway.partners import ROLES
from gateway.partners.registry import Credentials, hash_of, is_secret_of, new_secret, operator_of, refuse_unless_slug
from gateway.refusals import Forbidden, Invalid, Unauthenticated
from gateway.store import clients
from gateway.store import operators as store
from gateway.store.audit import Act
from gateway.store.operators import Operator
from gateway.store.pool import Database

BOOTSTRAP = "bootstrap"  # under which name the first operator is audited

_NOBODY = hash_of(secrets.token_urlsafe(32))


async def identify(database: Database, client_id: str, client_secret: str, *, clock: Clock) -> Principal:
    """The operator with these credentials. Raises `Unauthenticated` in the same words whatever is wrong with them."""
    client = await clients.by_client_id(database, client_id)
    known = client or clients.Client(Operator("", "", frozenset()), _NOBODY)
    fits = is_secret_of(known, client_secret, now=clock())
    if client is None or not fits or not isinstance(client.holder, Operator) or client.holder.status != "active":
        raise Unauthenticated("no active operator has this client id and secret")
    return operator_of(client.holder, client.holder.roles)


def refuse_unless_one_of(roles: frozenset[str], operator: Principal) -> None:
    """Raises `Forbidden`. An admin may do whatever any other role may."""
    if not operator.roles & (roles | {"admin"}):
        wanted, held = " or ".join(sorted(roles | {"admin"})), ", ".join(sorted(operator.roles))
        raise Forbidden(f"this needs the role {wanted}; {operator.subject} is {held}")


@dataclass(frozen=True, slots=True)
class OperatorRegistry:
    """Adds operators, gives them roles and new secrets, suspends them; each act by another operator."""

    database: Database
    _: KW_ONLY
    clock: Clock
    mint: Mint
    make_secret: Callable[[], str] = new_secret

    async def is_empty(self) -> bool:
        """Nobody could add an operator: whoever has the database may add the first."""
        return not await store.any_admin(self.database)

    async def add(self, operator_id: str, *, roles: frozenset[str], by: str) -> Credentials:
        """*by* `BOOTSTRAP`: the first, who has to be an admin."""
        refuse_unless_slug(operator_id, like="ada")
        _refuse_unknown(roles)
        first = by == BOOTSTRAP
        if operator_id == BOOTSTRAP:
            raise Invalid(f"'{BOOTSTRAP}' is what the first operator is audited under; choose another name")
        if first and "admin" not in roles:
            raise Invalid("the first operator has to be an admin, who then adds others: --role admin")
        credentials = Credentials(operator_id, self.mint(clients.OF_OPERATORS), self.make_secret())
        operator = Operator(operator_id, credentials.client_id, roles)
        secret_hash = hash_of(credentials.client_secret)
        await store.add(self.database, operator, secret_hash, self._act(by), first=first)
        return credentials

    async def list(self) -> list[Operator]:
        return await store.everyone(self.database)

    async def change(self, operator_id: str, *, roles: frozenset[str], by: str) -> Operator:
        """These roles instead of those before; counts everywhere within five seconds."""
        _refuse_unknown(roles)
        return await store.set_roles(self.database, operator_id, roles, self._act(by))

    async def rotate_secret(self, operator_id: str, *, by: str, overlap: timedelta = timedelta(0)) -> Credentials:
        """The one before works until *overlap* is over, an older one no more."""
        secret, act = self.make_secret(), self._act(by)
        until = act.at + overlap if overlap else None
        operator = await store.replace_secret(self.database, operator_id, hash_of(secret), act, until=until)
        return Credentials(operator_id, operator.client_id, secret)

    async def suspend(self, operator_id: str, *, by: str) -> None:
        """Tokens the operator still holds are refused within five seconds."""
        await store.set_status(self.database, operator_id, "suspended", self._act(by))

    async def resume(self, operator_id: str, *, by: str) -> None:
        await store.set_status(self.database, operator_id, "active", self._act(by))

    def _act(self, by: str) -> Act:
        return Act(self.mint("aud"), by, self.clock())


def _refuse_unknown(roles: frozenset[str]) -> None:
    if not roles:
        raise Invalid(f"an operator has at least one role; there are {', '.join(sorted(ROLES))}")
    if unknown := roles - ROLES:
        raise Invalid(f"unknown role '{min(unknown)}'; known: {', '.join(sorted(ROLES))}")
