"""`omnigate callbacks`: the secrets that back ends sign their callbacks with."""

import sys

import typer
from rich.console import Console
from rich.table import Table

from gateway.back_ends import FOREIGN
from gateway.cli.keys import changing_secrets, with_secrets
from gateway.cli.overlap import AtOnce, Overlap, end_of_overlap, overlap_of
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Misconfigured
from gateway.partners import callback_secrets

app = typer.Typer(no_args_is_help=True, help=__doc__)

_USUAL = "1h"


@app.command("list")
def list_() -> None:
    """Who shares a secret with us; never the secret itself."""
    now = system_clock()
    table = Table("system", "older secret")
    for system, until in with_secrets(lambda secrets: callback_secrets.systems(secrets, now)):
        table.add_row(system, f"until {rfc3339(until)}" if until else "")
    Console().print(table)


@app.command()
def show(system: str) -> None:
    """Print the secrets that work now, the newest first; that you saw them is audited."""
    for secret in changing_secrets(lambda secrets, act: callback_secrets.show(secrets, system, act)):
        typer.echo(secret)


@app.command()
def enter(system: str, overlap: Overlap = _USUAL, at_once: AtOnce = False) -> None:
    """Take over a secret that the back end has made: asked for, or read from standard input."""
    asked = typer.prompt("whsec_…", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    _replace(system, asked.strip().encode(), overlap=overlap, at_once=at_once)


@app.command("rotate-secret")
def rotate_secret(system: str, overlap: Overlap = _USUAL, at_once: AtOnce = False) -> None:
    """Make a new secret and print it, once; the one before works until the overlap is over."""
    if system in FOREIGN:
        raise Misconfigured(f"{system} makes its secrets itself: roll it there, then omnigate callbacks enter {system}")
    new = callback_secrets.new_callback_secret()
    _replace(system, new, overlap=overlap, at_once=at_once)
    typer.echo(new.decode())


def _replace(system: str, new: bytes, *, overlap: str, at_once: bool) -> None:
    during = overlap_of(overlap, at_once=at_once)
    form = FOREIGN[system].form if system in FOREIGN else None
    changing_secrets(
        lambda secrets, act: callback_secrets.replace(secrets, system, new, act, overlap=during, form=form)
    )
    typer.echo(f"{system} has a new secret; {end_of_overlap(during)}")
