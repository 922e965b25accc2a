"""`omnigate`: everything the platform team and operations do from a shell, and the processes themselves."""

import sys

import typer

from gateway.cli import (
    approvals,
    backends,
    callbacks,
    exceptions,
    inventory,
    keys,
    operators,
    orders,
    partners,
    policies,
    processes,
    workflows,
)
from gateway.cli.demo import demo
from gateway.cli.replay import replay
from gateway.errors import GatewayError

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command()(processes.serve)
app.command()(processes.worker)
app.command()(processes.sandbox)
app.command()(processes.migrate)
app.command()(demo)
app.command()(replay)
app.add_typer(partners.app, name="partners")
app.add_typer(operators.app, name="operators")
app.add_typer(policies.app, name="policies")
app.add_typer(keys.app, name="keys")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(orders.app, name="orders")
app.add_typer(workflows.app, name="workflows")
app.add_typer(exceptions.app, name="exceptions")
app.add_typer(approvals.app, name="approvals")
app.add_typer(inventory.app, name="inventory")
app.add_typer(backends.app, name="backends")


def main() -> None:
    """Run one command. What Omnigate refuses is a sentence on stderr and exit code 1, never a traceback."""
    try:
        app()
    except GatewayError as error:
        print(f"omnigate: {error.detail}", file=sys.stderr)  # noqa: T201  # the CLI speaks to people
        sys.exit(1)
