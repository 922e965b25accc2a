"""Is the mapping true? Every id in it against Tryton's own records: what is wrong, where it stands, what mends it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.demands import Demand, demands
from adapters.tryton.mapping import At
from adapters.tryton.mapping import Mapping as Words
from gateway.errors import BackEndError
from gateway.ports import Finding

AT_ONCE = 100


async def findings(tryton: Conversation, words: Words) -> list[Finding]:
    """All of them at once. That Tryton is away, or does not let us in, is the only one there can be then."""
    try:
        unmet = [finding for demand in demands(words) async for finding in _unmet(tryton, demand, words.at)]
        return unmet + await _unmapped(tryton, words)
    except BackEndError as error:
        mend = "start Tryton, or mend OMNIGATE_TRYTON_URL, _DATABASE, _USER or _PASSWORD"
        return [Finding("tryton", f"it could not be asked: {error.detail}", mend)]


async def _unmet(tryton: Conversation, demand: Demand, at: At) -> AsyncIterator[Finding]:
    left = iter(demand.named.items())
    while some := dict(islice(left, AT_ONCE)):
        records = await _records(tryton, demand, sorted(set(some.values())))
        for place, number in some.items():
            for what, mend in demand.faults(place, records.get(number)):
                yield Finding(at(*place), what, mend)


async def _unmapped(tryton: Conversation, words: Words) -> list[Finding]:
    """Warehouses whose stock nobody here would know of."""
    known = sorted({*words.warehouses.values(), *words.left_out})
    wanted = [["type", "=", "warehouse"], ["id", "not in", known]]
    return [
        Finding(
            words.at("warehouse"),
            f"Tryton has the warehouse '{row['rec_name']}' (id {row['id']}), which is no node here",
            "name its node under 'nodes', or its id under 'left_out'",
        )
        for row in await tryton.listed("find", "stock.location", wanted, ["rec_name"], most=AT_ONCE)
    ]


async def _records(tryton: Conversation, demand: Demand, numbers: Sequence[int]) -> Mapping[int, Json]:
    """Also those that are switched off."""
    wanted, fields = [["id", "in", list(numbers)]], ["rec_name", *demand.fields]
    rows = await tryton.listed("find", demand.model, wanted, fields, most=AT_ONCE, active_test=False)
    return {row["id"]: row for row in rows}
