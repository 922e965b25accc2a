"""Whether Tryton's books are open on a day. A period may be closed for some journals only."""

from datetime import date

from adapters.tryton.conversation import Conversation
from gateway.errors import Rejected

PERIOD, JOURNAL = "account.period", "account.journal.period"


async def in_an_open_period(
    talk: Conversation, operation: str, company: int, day: date, *, of_all_journals: bool = False
) -> None:
    """Raises `Rejected` where none is open; *of_all_journals*: or where it is closed for one."""
    within = [["start_date", "<=", day], ["end_date", ">=", day], ["type", "=", "standard"]]
    sought = [["company", "=", company], *within, ["state", "=", "open"]]
    periods = await talk.listed(operation, PERIOD, sought, ["state"])
    closed = [["period", "in", [each["id"] for each in periods]], ["state", "=", "closed"]]
    if not periods or (of_all_journals and await talk.listed(operation, JOURNAL, closed, ["state"], most=1)):
        code, said = "fiscal_period_closed", f"no fiscal period is open on {day}"
        raise Rejected(f"{talk.system} said no: {said}", system=talk.system, code=code, said=said)
