"""Availability: what may be promised, with everything that was added and subtracted to say so."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from gateway.context import Call
from gateway.domain.inventory import TERMS, Confidence, Inbound, InventoryPolicy, earliest, least
from gateway.domain.time import rfc3339
from gateway.refusals import Fault, Invalid
from gateway.resources.inventory.schemas import Availability, AvailabilityItem, NodeAvailability, Term
from gateway.store.gathered import Gathered
from gateway.store.pool import Database
from gateway.store.positions import Asked, PositionRow, inbound_of, positions_of

MOST_PAIRS = 100

_Question = tuple[Asked, ...]
_Expected = Mapping[tuple[str, str], Sequence[Inbound]]


class Availabilities:
    """Answers questions about availability: of those that wait together the database is asked once."""

    def __init__(self, database: Database, policy: InventoryPolicy) -> None:
        self._database = database
        self._policy = policy
        self._stored: Gathered[_Question, dict[Asked, list[PositionRow]]] = Gathered(self._read)

    async def answer(self, call: Call) -> bytes:
        lines = call.body["lines"]
        asked = tuple((line["sku"].upper(), line.get("node_id"), line.get("condition", "new")) for line in lines)
        found = await self._stored.get(asked)
        assert found is not None, "every question is answered"
        _refuse_too_many(asked, found)
        wanted = [line.get("quantity", 1) for line in lines]
        expected = await self._expected(asked, wanted, found)
        items = [
            self._item(each, quantity, found[each], expected, call.now)
            for each, quantity in zip(asked, wanted, strict=True)
        ]
        told: Availability = {"asked_at": rfc3339(call.now), "items": items}
        return orjson.dumps(told)

    async def _read(self, questions: Sequence[_Question]) -> dict[_Question, dict[Asked, list[PositionRow]]]:
        every = tuple(dict.fromkeys(each for question in questions for each in question))
        found = await positions_of(self._database, every, most=MOST_PAIRS)
        return {question: {each: found[each] for each in question} for question in questions}

    async def _expected(
        self, asked: Sequence[Asked], wanted: Sequence[int], found: Mapping[Asked, Sequence[PositionRow]]
    ) -> _Expected:
        """Inbound goods, where what is there is not enough and they would help: what arrives is new."""
        short = {
            (row.position.sku, row.position.node_id): None
            for each, quantity in zip(asked, wanted, strict=True)
            for row in found[each]
            if each[2] == "new" and row.sellable and row.position.available < quantity
        }
        return await inbound_of(self._database, list(short)) if short else {}

    def _item(
        self, asked: Asked, quantity: int, rows: Sequence[PositionRow], expected: _Expected, now: datetime
    ) -> AvailabilityItem:
        sellable = [row for row in rows if row.sellable]
        free = sum([row.position.available for row in sellable if row.position.available > 0])
        debts = sum([row.position.available for row in sellable if row.position.available < 0])
        arriving = [goods for row in sellable for goods in _expected_at(row, expected)]
        sure = [row.position.sureness(self._policy, now) for row in sellable]
        item: AvailabilityItem = {
            "sku": asked[0],
            "condition": asked[2],  # type: ignore[typeddict-item]
            "available": free,
            "quantity": quantity,
            "confidence": (least(sure) if sure else Confidence.LOW).value,
            "nodes": [self._node(row, quantity, _expected_at(row, expected), now) for row in rows],
        }
        if (moment := earliest(quantity, free if free >= quantity else free + debts, arriving, now)) is not None:
            item["earliest"] = rfc3339(moment)
        return item

    def _node(self, row: PositionRow, quantity: int, expected: Sequence[Inbound], now: datetime) -> NodeAvailability:
        position = row.position
        told: NodeAvailability = {
            "node_id": position.node_id,
            "sellable": row.sellable,
            "available": max(0, position.available),
            "terms": _terms(position.quantities),
            "confidence": position.sureness(self._policy, now).value,
            "position_version": position.version,
        }
        if position.as_of is not None:
            told["as_of"] = rfc3339(position.as_of)
            told["staleness_ms"] = max(0, int((now - position.as_of).total_seconds() * 1000))
        if row.sellable and (moment := earliest(quantity, position.available, expected, now)) is not None:
            told["earliest"] = rfc3339(moment)
        return told


def _terms(quantities: Sequence[int]) -> list[Term]:
    terms: Any = [
        {"name": name, "quantity": -quantity} for name, quantity in zip(TERMS[1:], quantities[1:], strict=True)
    ]
    return [{"name": "on_hand", "quantity": quantities[0]}, *terms]


def _expected_at(row: PositionRow, expected: _Expected) -> Sequence[Inbound]:
    position = row.position
    return expected.get((position.sku, position.node_id), ()) if position.condition == "new" else ()


def _refuse_too_many(asked: Iterable[Asked], found: Mapping[Asked, Sequence[PositionRow]]) -> None:
    pairs = 0
    for index, each in enumerate(asked):
        pairs += max(1, len(found[each]))
        if pairs > MOST_PAIRS:
            detail = f"with this line it is more than {MOST_PAIRS} pairs of SKU and node; name nodes, or ask in parts"
            raise Invalid("the question is too large", faults=(Fault(f"#/lines/{index}", "too_many_pairs", detail),))
