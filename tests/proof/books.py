"""What a proof asks of the books when it knows the ends its orders were told of, and nothing else of Omnigate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from httpx2 import AsyncClient

from tests.chaos.checker import check
from tests.chaos.checker.agreement import stories
from tests.chaos.checker.books import Books
from tests.chaos.checker.evidence import Circumstances, Evidence
from tests.chaos.exported import order_of
from tests.chaos.ledgers import effect_of, rows
from tests.chaos.notebook import wanted_of

Json = dict[str, Any]

PARTNER = "web"
OF_LEDGERS = ("I1", "I2", "I3", "I5", "I6", "I12")
AT_REST = Circumstances(started=0.0, last_fault=0.0, rested=0.0, ended=0.0)


@dataclass(frozen=True, slots=True)
class Promised:
    """An order as its client sent it, and as it was told of in the end."""

    body: Json
    told: Json

    @property
    def order_id(self) -> str:
        return str(self.told["order_id"])

    @property
    def status(self) -> str:
        return str(self.told["status"])


async def effects(sandbox: AsyncClient, **only: str) -> list[Json]:
    """Every effect of the three systems, in the order in which they happened."""
    return await rows(sandbox, "effects", **only)


def faults(ledger: Sequence[Json], orders: Sequence[Promised]) -> list[str]:
    """What is wrong, a sentence each; nothing when the books agree with the promises."""
    evidence = Evidence(
        circumstances=AT_REST,
        wanted=tuple(wanted_of(PARTNER, order.body, request=order.order_id) for order in orders),
        exchanges=(),
        effects=tuple(effect_of(row) for row in ledger),
        attempts=(),
        orders=tuple(order_of(order.told, [], partner=PARTNER, parked=None) for order in orders),
    )
    return [str(violation) for violation in (*check(evidence, only=OF_LEDGERS), *stories(Books(evidence)))]
