"""The registry of partners: what `omnigate partners` does. A secret is shown once and kept as a hash."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.identifiers import Mint
from gateway.domain.principal import Principal
from gateway.domain.time import Clock
from gateway.partners import SCOPES
from gateway.refusals import Invalid, NotFound
from gateway.store import partners as store
from gateway.store.audit import Act
from gateway.store.clients import Client
from gateway.store.operators import Operator
from gateway.store.partners import Partner
from gateway.store.pool import Database

OPERATORS = "operators"  # their plan in policies/quotas.yaml

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a partner or an operator is given, once."""

    name: str
    client_id: str
    client_secret: str


def new_secret() -> str:
    """256 random bits: a slow hash would add nothing to them."""
    return secrets.token_urlsafe(32)


def hash_of(client_secret: str) -> bytes:
    return hashlib.sha256(client_secret.encode()).digest()


def is_secret_of(client: Client, client_secret: str, *, now: datetime) -> bool:
    """Its secret, or the one before while that still works; compared in constant time."""
    until, given = client.holder.older_secret_until, hash_of(client_secret)
    older = client.older_secret_hash if until is not None and now < until else None
    matches = [hmac.compare_digest(known, given) for known in (client.secret_hash, older) if known is not None]
    return any(matches)


def operator_of(operator: Operator, roles: frozenset[str]) -> Principal:
    """The operator with a token for *roles*; what was taken from the operator is taken from its tokens."""
    return Principal("operator", operator.operator_id, plan=OPERATORS, roles=roles & operator.roles)


def principal_of(partner: Partner, scopes: frozenset[str]) -> Principal:
    """The partner with a token for *scopes*; what was taken from the partner is taken from its tokens."""
    held = scopes & partner.scopes
    return Principal(
        "partner", partner.client_id, partner.partner_id, channels=partner.channels, scopes=held, plan=partner.plan
    )


PLACES = "orders:write"  # of some channel; no other scope is


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different about a partner; None and nothing: as it is."""

    add_channels: frozenset[str] = frozenset()
    drop_channels: frozenset[str] = frozenset()
    add_scopes: frozenset[str] = frozenset()
    drop_scopes: frozenset[str] = frozenset()
    plan: str | None = None
    name: str | None = None

    def made_to(self, partner: Partner) -> Partner:
        for dropped, held in ((self.drop_channels, partner.channels), (self.drop_scopes, partner.scopes)):
            if absent := dropped - held:
                raise Invalid(f"'{partner.partner_id}' has no '{min(absent)}'; it has {', '.join(sorted(held))}")
        return replace(
            partner,
            channels=(partner.channels - self.drop_channels) | self.add_channels,
            scopes=(partner.scopes - self.drop_scopes) | self.add_scopes,
            plan=self.plan or partner.plan,
            name=self.name or partner.name,
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """Adds partners, gives them new secrets, suspends them; each act by a named operator."""

    database: Database
    _: KW_ONLY
    clock: Clock
    mint: Mint
    make_secret: Callable[[], str] = new_secret

    async def add(
        self,
        partner_id: str,
        *,
        channels: frozenset[str],
        scopes: frozenset[str],
        plan: str,
        operator: str,
        name: str = "",
    ) -> Credentials:
        _refuse_unless_exact((partner_id, *channels), scopes)
        if PLACES in scopes and not channels:
            raise Invalid(f"whoever has '{PLACES}' speaks for a channel: name one, like --channel {partner_id}")
        credentials = Credentials(partner_id, self.mint("client"), self.make_secret())
        partner = Partner(partner_id, name or partner_id, credentials.client_id, scopes, plan, channels)
        await store.add(self.database, partner, hash_of(credentials.client_secret), self._act(operator))
        return credentials

    async def list(self) -> list[Partner]:
        return await store.everyone(self.database)

    async def change(self, partner_id: str, change: Change, *, operator: str) -> Partner:
        """Counts everywhere within five seconds, for tokens that were issued before, too."""
        _refuse_unless_exact(change.add_channels, change.add_scopes)
        changed = await store.change(self.database, partner_id, change.made_to, self._act(operator))
        if changed is None:
            raise NotFound(f"there is no partner '{partner_id}'")
        return changed

    async def rotate_secret(self, partner_id: str, *, operator: str, overlap: timedelta = timedelta(0)) -> Credentials:
        """The one before works until *overlap* is over, an older one no more; tokens live out their minutes."""
        secret, act = self.make_secret(), self._act(operator)
        until = act.at + overlap if overlap else None
        client_id = await store.replace_secret(self.database, partner_id, hash_of(secret), act, until=until)
        return Credentials(partner_id, _known(client_id, partner_id), secret)

    async def suspend(self, partner_id: str, *, operator: str) -> None:
        """Tokens the partner still holds are refused within five seconds."""
        client_id = await store.set_status(self.database, partner_id, "suspended", self._act(operator))
        _known(client_id, partner_id)

    async def resume(self, partner_id: str, *, operator: str) -> None:
        """Let a suspended partner in again, with the secret it has."""
        client_id = await store.set_status(self.database, partner_id, "active", self._act(operator))
        _known(client_id, partner_id)

    def _act(self, operator: str) -> Act:
        return Act(self.mint("aud"), operator, self.clock())


def refuse_unless_slug(name: str, *, like: str) -> None:
    if not _SLUG.fullmatch(name):
        raise Invalid(f"'{name}' cannot be a name: 2 to 40 of a-z, 0-9 and '-', like '{like}'")


def _refuse_unless_exact(names: Iterable[str], scopes: frozenset[str]) -> None:
    for slug in names:
        refuse_unless_slug(slug, like="web-uk")
    if unknown := scopes - SCOPES:
        raise Invalid(f"unknown scope '{min(unknown)}'; known: {', '.join(sorted(SCOPES))}")


def _known(client_id: str | None, partner_id: str) -> str:
    if client_id is None:
        raise NotFound(f"there is no partner '{partner_id}'")
    return client_id
