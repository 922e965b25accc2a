"""Returns as those remember them who had to do with the goods, beside what Omnigate says of them in the end."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.checker.evidence import Count, Refund, Return, ReturnedLine, Yes
from tests.chaos.reading import pages
from tests.proof.client import Channel

Json = dict[str, Any]

OVER = ("closed", "cancelled", "declined", "expired")
SETTLED = ("succeeded", "failed", "rejected")


@dataclass(slots=True)
class Remembered:
    """One return that somebody asked for, and what was said of its goods and its money."""

    asked_by: str
    returned: tuple[ReturnedLine, ...]
    counts: list[Count] = field(default_factory=list)
    yeses: dict[int, Yes] = field(default_factory=dict)  # by tranche


@dataclass(slots=True)
class Diary:
    """*channel*: through which the returns can be read. *limit*: of what may go back on nobody's word."""

    channel: Channel
    limit: int
    known: dict[str, Remembered] = field(default_factory=dict)  # by return

    async def at_rest(self, parked: Mapping[str, str]) -> bool:
        """Is each over and paid, or a person's matter?"""
        return all([_is_over(told) or _cause(told, parked) is not None async for told in self._listed()])

    async def told(self, parked: Mapping[str, str]) -> tuple[Return, ...]:
        return tuple([self._return(told, parked) async for told in self._listed()])

    def _listed(self) -> AsyncIterator[Json]:
        return pages(self.channel, "/v1/returns", "returns", [("page_size", "200")])

    def _return(self, told: Json, parked: Mapping[str, str]) -> Return:
        ours = self.known.get(told["return_id"], Remembered("", ()))  # nobody asked for it: nothing is due
        return Return(
            return_id=told["return_id"],
            order_id=told["order_id"],
            status=told["status"],
            asked_by=ours.asked_by,
            limit=self.limit,
            returned=ours.returned,
            counts=tuple(ours.counts),
            yeses=tuple(ours.yeses.values()),
            refunds=tuple(_refund(each) for each in told.get("refunds", ())),
            parked=_cause(told, parked),
        )


def _is_over(told: Json) -> bool:
    refunds = told.get("refunds", ())
    credited = all(each.get("credit_memo", {}).get("status") != "draft" for each in refunds)
    return told["status"] in OVER and credited and all(each["status"] in SETTLED for each in refunds)


def _cause(told: Json, parked: Mapping[str, str]) -> str | None:
    runs = (told["return_id"], *(each["refund_id"] for each in told.get("refunds", ())))
    return next((parked[run] for run in runs if run in parked), None)


def _refund(told: Json) -> Refund:
    memo = told.get("credit_memo", {}).get("status")
    plain = {name: told[name] for name in ("refund_id", "tranche", "attempt", "status")}
    return Refund(**plain, amount=told["amount"]["amount"], memo=memo)
