"""`omnigate keys`: the keys that sign access tokens, and how one follows another."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.app import open_secrets
from gateway.cli.acting import PLATFORM, acting, reading
from gateway.domain.identifiers import mint
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339, system_clock
from gateway.partners import keys
from gateway.partners.key_ring import KeyRing
from gateway.settings import read_settings
from gateway.store.audit import Act
from gateway.store.pool import Database
from gateway.store.secrets import Secrets

app = typer.Typer(no_args_is_help=True, help=__doc__)

Result = TypeVar("Result")
AtOnce = Annotated[bool, typer.Option("--now", help="Every key before is void at once: somebody else has one.")]


@app.command("list")
def list_() -> None:
    """Every key that is published, by its thumbprint; never the key itself."""
    ring = with_secrets(keys.kept_ring)
    if ring is None:
        typer.echo("there is no key yet: the first `omnigate serve` makes it")
        return
    _print(ring)


@app.command()
def rotate(at_once: AtOnce = False) -> None:
    """Publish a new key that signs ten minutes later; the one before is believed until its last token has expired."""
    _print(changing_secrets(lambda secrets, act: keys.rotate(secrets, act, at_once=at_once)))
    if at_once:
        typer.echo("every token issued so far is refused within five seconds; partners ask for new ones")


def with_secrets(look: Callable[[Secrets], Awaitable[Result]]) -> Result:
    settings = read_settings()
    return reading(lambda opened: look(open_secrets(settings, opened)))


def changing_secrets(change: Callable[[Secrets, Act], Awaitable[Result]]) -> Result:
    """As `with_secrets`, in the name of an operator, to whom the change is written down."""
    settings = read_settings()

    async def changed(opened: Database, operator: Principal) -> Result:
        return await change(open_secrets(settings, opened), Act(mint("aud"), operator.subject, system_clock()))

    return acting(changed, roles=PLATFORM)


def _print(ring: KeyRing) -> None:
    table = Table(Column("key", min_width=43), Column("state", min_width=8), "signs from", "gone at")
    now = system_clock()
    for key in ring.live(now):
        begins = rfc3339(key.signs_from) if key.signs_from.timestamp() else "the beginning"
        gone_at = ring.gone_at(key)
        table.add_row(key.kid, ring.state(key, now), begins, rfc3339(gone_at) if gone_at else "")
    Console().print(table)
