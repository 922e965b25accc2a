"""The auditor itself: books that are right pass, and every way of making them wrong is noticed."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.proof.books import Json, effects, faults
from tests.proof.client import order
from tests.proof.processes import until
from tests.proof.rig import Rig

pytestmark = pytest.mark.proof

Mutation = Callable[[list[Json], int], None]
REFUSED = {"system": "wms", "operation": "create_shipment", "kind": "refuse", "next": 1}


def _dropped(ledger: list[Json], at: int) -> None:
    del ledger[at]


def _doubled(ledger: list[Json], at: int) -> None:
    ledger.append(ledger[at] | {"id": "other", "sequence": len(ledger) + 1})


def _done_again_under_another_key(ledger: list[Json], at: int) -> None:
    ledger.append(ledger[at] | {"id": "other", "key": "other", "reference": "other", "sequence": len(ledger) + 1})


def _of_another_amount(ledger: list[Json], at: int) -> None:
    if ledger[at]["amount"] is not None:
        ledger[at]["amount"]["amount"] += 1


def _in_another_currency(ledger: list[Json], at: int) -> None:
    if ledger[at]["amount"] is not None:
        ledger[at]["amount"]["currency"] = "EUR"


def _of_another_order(ledger: list[Json], at: int) -> None:
    others = [effect["order_id"] for effect in ledger if effect["order_id"] != ledger[at]["order_id"]]
    ledger[at]["order_id"] = others[-1]


def _of_nobodys_order(ledger: list[Json], at: int) -> None:
    ledger[at]["order_id"] = "ord_nobodys"


def _with_another_quantity(ledger: list[Json], at: int) -> None:
    if ledger[at]["kind"] in ("sales_order", "shipment"):
        ledger[at]["lines"][0]["quantity"] += 1


def _unpaid(ledger: list[Json], at: int) -> None:
    if ledger[at]["kind"] == "invoice":
        ledger[at]["data"]["paid"] = False


MUTATIONS: tuple[Mutation, ...] = (
    *(_dropped, _doubled, _done_again_under_another_key, _of_another_amount, _in_another_currency),
    *(_of_another_order, _of_nobodys_order, _with_another_quantity, _unpaid),
)


async def test_every_mutated_ledger_is_flagged(rig: Rig) -> None:
    _, address = await rig.start_edge()
    rig.start_worker()
    async with rig.channel(address) as channel:
        for number in range(2):
            await channel.place(order(number=number))
        await channel.place(order(number=3, token="tok_declined"))
        await rig.audit(channel)
        await rig.sandbox.post("/faults", json={"seed": 1, "rules": [REFUSED]})
        await channel.place(order(number=4))
        await rig.audit(channel)
        await rig.sandbox.post("/wms/_hold", json={"hold": True})
        unwanted = await channel.place(order(number=5))

        async def released() -> bool:
            return await channel.status(unwanted.order_id) == "processing"

        await until(released, what="the warehouse has it", within=60)
        await channel.cancel(unwanted.order_id)
        promised = await rig.audit(channel)
    ledger = await effects(rig.sandbox)

    statuses = [promise.status for promise in promised]
    assert statuses == ["completed", "completed", "rejected", "rejected", "cancelled"]
    mutants = list(_mutants(ledger))
    unnoticed = [name for name, mutant in mutants if not faults(mutant, promised)]
    assert unnoticed == []
    for place, promise in enumerate(promised):
        lied = [*promised]
        other = "rejected" if promise.status == "completed" else "completed"
        lied[place] = type(promise)(promise.order_id, other, promise.body)
        assert faults(ledger, lied) != []
    print(f"\n{len(mutants)} mutants of {len(ledger)} effects, all flagged")


def _mutants(ledger: list[Json]) -> Iterator[tuple[str, Any]]:
    for at, effect in enumerate(ledger):
        for mutation in MUTATIONS:
            mutant = deepcopy(ledger)
            mutation(mutant, at)
            if mutant != ledger:
                yield f"{effect['system']} {effect['kind']} {mutation.__name__}", mutant
