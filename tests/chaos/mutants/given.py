"""What a mutation is given: sound evidence, dice, and the records among which every choice leads to a contradiction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeVar

from tests.chaos.checker.books import BY_ITSELF
from tests.chaos.checker.evidence import Attempt, Effect, Evidence, Exchange, Order, Part, Wanted
from tests.chaos.checker.names import asks_for_buying, of_buying

T = TypeVar("T")

ASIDE = "ord_nobodys"


@dataclass(frozen=True, slots=True)
class Given:
    """Sound evidence, and what of it may be touched."""

    evidence: Evidence
    dice: Random

    def pick(self, records: Iterable[T]) -> T:
        among = list(records)
        assert among, "the run must have had everything that is to be mutated"
        return self.dice.choice(among)

    def put(self, name: str, old: object, *new: object) -> Evidence:
        """The evidence with *new* in the place of *old*."""
        records: Sequence[Any] = getattr(self.evidence, name)
        at = next(place for place, record in enumerate(records) if record is old)
        return replace(self.evidence, **{name: (*records[:at], *new, *records[at + 1 :])})

    def settled(self) -> list[Effect]:
        """Effects of orders that have ended: which they must be is known exactly."""
        ended = {order.order_id for order in self.ended()}
        return [effect for effect in self.evidence.effects if effect.order_id in ended]

    def ended(self) -> list[Order]:
        return [order for order in self.evidence.orders if order.parked is None]

    def parked(self) -> Order:
        return self.pick(order for order in self.evidence.orders if order.parked is not None)

    def completed(self) -> list[Wanted]:
        """What clients wanted and got."""
        done = {order.channel_order_id for order in self.ended() if order.status == "completed"}
        return [wanted for wanted in self.evidence.wanted if wanted.channel_order_id in done]

    def split(self) -> list[tuple[Order, list[Part]]]:
        """Orders of which two parts at least were carried out, and these: all of them have left and are paid."""
        done = [(order, [part for part in order.parts if part.status == "completed"]) for order in self.ended()]
        return [(order, parts) for order, parts in done if len(parts) > 1]

    def of_part(self, part: Part, kind: str) -> Effect:
        owned = (each for each in self.evidence.effects if (each.name or "").partition(":")[0] == part.part_id)
        return next(each for each in owned if each.kind == kind)

    def another_partner(self, partner: str) -> str:
        return self.pick(sorted({wanted.partner for wanted in self.evidence.wanted} - {partner}))

    def another_channel(self, channel: object) -> str:
        return self.pick(sorted({wanted.channel for wanted in self.evidence.wanted} - {channel}))

    def asked(self) -> list[Effect]:
        """Of customers' orders."""
        of_orders = [effect for effect in self.evidence.effects if not of_buying(effect)]
        return [effect for effect in of_orders if effect.kind not in BY_ITSELF]

    def applied(self, *, applied: bool = True) -> list[Attempt]:
        of_orders = [attempt for attempt in self.evidence.attempts if not asks_for_buying(attempt)]
        return [attempt for attempt in of_orders if attempt.applied == applied]

    def receipts(self) -> list[Exchange]:
        return [each for each in self.evidence.exchanges if each.operation == "place" and each.status == 202]

    def reads(self) -> dict[str, list[Exchange]]:
        """Order -> the looks at it, in turn."""
        found: dict[str, list[Exchange]] = defaultdict(list)
        for each in sorted(self.evidence.exchanges, key=lambda each: each.sent):
            if each.stands is not None and each.order_id is not None:
                found[each.order_id].append(each)
        return found

    def replayed(self) -> list[Exchange]:
        """Yeses that were given again under their key."""
        found: dict[tuple[str, str | None], list[Exchange]] = defaultdict(list)
        for each in self.evidence.exchanges:
            if each.key is not None and each.status == 202:
                found[each.partner, each.key].append(each)
        return [each for answers in found.values() if len(answers) > 1 for each in answers]

    def beyond(self) -> int:
        """A place in the sequence of the ledgers where nothing stands yet."""
        return max(effect.sequence for effect in self.evidence.effects) + self.dice.randrange(1, 1000)
