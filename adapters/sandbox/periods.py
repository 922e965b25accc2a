"""The pretend ERP's fiscal period: while it is closed nothing is posted that its books would have to take."""

from adapters.sandbox.answers import Refusal
from adapters.sandbox.ledger import Ledger

CLOSED = "SELECT value FROM settings WHERE name = 'period_closed'"


def close_period(ledger: Ledger, *, closed: bool) -> None:
    """Whether the fiscal period is closed from now on, over a restart too."""
    ledger.run("INSERT OR REPLACE INTO settings (name, value) VALUES ('period_closed', ?)", str(int(closed)))


def refuse_closed(ledger: Ledger) -> None:
    if ledger.value(CLOSED) == "1":
        raise Refusal(409, "fiscal_period_closed", "the fiscal period is closed")
