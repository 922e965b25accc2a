"""A real channel's cancellations come back as returns: each paid back once, to the penny of what its pieces cost."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.store.embedded import acquire
from tests.proof.books import Json, Promised, effects, faults
from tests.proof.client import CHANNEL, Channel
from tests.proof.processes import start, until
from tests.proof.retail import ABSENT, FILE, Back, Cancellations, Record, cancellations, cut, is_sold, records
from tests.proof.returner import Returner, approve
from tests.proof.rig import Rig, open_rig

pytestmark = [pytest.mark.proof, pytest.mark.skipif(not FILE.exists(), reason=ABSENT)]

MATCHED, PIECES, GOODS = 103, 859, 2_506_21
LEFT_OUT = {
    "no product": 18,
    "no customer": 20,
    "nothing sold before in this file": 262,
    "more than is left of what was sold": 5,
}
REFUSED = {"already_returned": 4, "qty_exceeds_returnable": 1}  # what was more than is left, when it is asked for
OTHERS = 15  # orders that nothing is taken back of
ONE_YES, TWO_YES = 100_00, 500_00  # what policies/approvals.yaml lets through without an approver, without finance
LOST: list[Json] = [  # answers about what was done all the same
    {"system": "psp", "operation": "refund", "kind": "error_after", "next": 5},
    {"system": "erp", "operation": "create_credit_memo", "kind": "error_after", "next": 5},
]
LONGEST = 300.0


def test_each_line_of_a_cancellation_is_matched_or_left_out_and_said_why() -> None:
    told = cancellations(records())

    pieces = sum(sum(back.pieces.values()) for back in told.returns)
    assert (told.matched, pieces, sum(back.value for back in told.returns)) == (MATCHED, PIECES, GOODS)
    assert (told.lines, told.left_out) == (408, LEFT_OUT)
    assert len(told.excessive) == LEFT_OUT["more than is left of what was sold"]


async def test_cancellations_are_paid_back_once_and_to_the_penny(home: Path) -> None:
    found = list(records())
    told = cancellations(found)
    async with _sold(home, found, told) as (rig, address), rig.channel(address) as channel:
        orders = {order["channel_order_id"]: order["order_id"] for order in await channel.orders()}
        returner = Returner(channel, orders)
        before, sold = await _look(rig, returner), set(orders.values())
        await rig.sandbox.post("/faults", json={"rules": LOST})
        for back in told.returns:
            assert [answer.status_code for answer in await returner.bring(back, run="first")] == [201] * 3
        decided = await _closed(rig, address, returner)
        lost = (await rig.sandbox.get("/faults")).json()["injected"]
        once = await _look(rig, returner)
        refused = [await returner.ask(back, run="first") for back in told.excessive]
        for run in ("first", "second"):
            answers = [answer for back in told.returns for answer in await returner.bring(back, run=run)]
            assert {answer.status_code for answer in answers} == {201}
        twice = await _look(rig, returner)

    values = {orders[back.invoice]: back for back in told.returns}
    assert len(sold) == len(told.orders) + OTHERS
    assert faults(before.effects, [Promised(order, order) for order in before.orders]) == []
    assert _paid_back(once.effects) == {order_id: [back.value] for order_id, back in values.items()}
    assert _credited(once.effects) == {order_id: [_wanted(back)] for order_id, back in values.items()}
    assert lost == {"error_after": sum(rule["next"] for rule in LOST)}
    assert _others(once.effects) == _others(before.effects)
    assert _told(once.returns) == {
        back.name: ("closed", [("succeeded", back.value, "posted")]) for back in told.returns
    }
    assert _stand(once) == _should_stand(before, values)
    assert once.shelves == before.shelves + _came(once.returns)
    amounts = [back.value for back in told.returns]
    assert decided == {"approver": _above(ONE_YES, amounts), "finance": _above(TWO_YES, amounts)}
    assert [answer.status_code for answer in refused] == [409] * len(told.excessive)
    assert Counter(answer.json()["errors"][0]["code"] for answer in refused) == REFUSED
    assert twice == once
    print(f"\n{_report(told)}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What may change when goods come back: books, orders, returns, shelves."""

    effects: list[Json]
    orders: list[Json]
    returns: dict[str, Json]
    shelves: Counter[str]


async def _look(rig: Rig, returner: Returner) -> Seen:
    return Seen(
        await effects(rig.sandbox),
        await returner.channel.orders(),
        await returner.returns(),
        await returner.shelves(),
    )


@asynccontextmanager
async def _sold(home: Path, found: Sequence[Record], told: Cancellations) -> AsyncIterator[tuple[Rig, str]]:
    """The orders that something is taken back of, and some more, are placed and delivered."""
    others = dict.fromkeys(row["InvoiceNo"] for row in found if is_sold(row) and row["InvoiceNo"] not in told.orders)
    file, catalogue = home / "cut.csv", home / "catalogue.csv"
    cut(found, told.orders | set(list(others)[:OTHERS]), file)
    asked = ("replay", str(file), "--catalogue", str(catalogue))
    written = start("catalogue", *asked, environment={"OMNIGATE_HOME": str(home)}, log=home / "catalogue.log")
    assert written.running.wait(120) == 0, written.log.read_text()
    with acquire(home) as server:
        async with open_rig(server.url, home, catalogue=catalogue) as rig:
            _, address = await rig.start_edge()
            for _ in range(2):
                rig.start_worker()
            rig.environment |= {
                "OMNIGATE_CLIENT_ID": rig.credentials.client_id,
                "OMNIGATE_CLIENT_SECRET": rig.credentials.client_secret,
            }
            command = ("replay", str(file), "--url", address, "--channel", CHANNEL, "--wait")
            await rig.run("replay", *command, within=LONGEST)
            yield rig, address


async def _closed(rig: Rig, address: str, returner: Returner) -> Mapping[str, int]:
    """Until every return is; people say yes where they are asked. How often each did."""
    decided = Counter[str]()
    people = {role: await rig.operator(f"the-{role}", role) for role in ("approver", "finance")}

    async def closed() -> bool:
        for role, operator in operators.items():
            decided[role] += await approve(operator)
        return {seen["status"] for seen in (await returner.returns()).values()} == {"closed"}

    async with (
        rig.channel(address, whose=people["approver"]) as approver,
        rig.channel(address, whose=people["finance"]) as finance,
    ):
        operators: dict[str, Channel] = {"approver": approver, "finance": finance}
        await until(closed, what="every return is closed", within=LONGEST, pause=0.5)
    return decided


def _above(limit: int, amounts: Sequence[int]) -> int:
    return sum(amount > limit for amount in amounts)


def _paid_back(ledger: Sequence[Json]) -> dict[str, list[int]]:
    """Order -> every amount that the payment provider gave back of it."""
    paid: dict[str, list[int]] = {}
    for effect in ledger:
        if effect["kind"] == "refund":
            paid.setdefault(effect["order_id"], []).append(effect["amount"]["amount"])
    return paid


Credit = tuple[int, dict[str, int], int]


def _credited(ledger: Sequence[Json]) -> dict[str, list[Credit]]:
    """Order -> of every credit memo: its total, its pieces by line, what its lines come to. Each names its refund."""
    refunds = {effect["id"] for effect in ledger if effect["kind"] == "refund"}
    credited: dict[str, list[Credit]] = {}
    for memo in ledger:
        if memo["kind"] == "credit_memo":
            assert memo["data"]["refund"] in refunds
            assert memo["data"]["fees"] == []
            pieces = {line["line_id"]: line["quantity"] for line in memo["lines"]}
            worth = sum(line["net"] + line["tax"] for line in memo["lines"])
            credited.setdefault(memo["order_id"], []).append((memo["amount"]["amount"], pieces, worth))
    return credited


def _wanted(back: Back) -> Credit:
    return back.value, dict(back.pieces), back.value


def _told(returns: Mapping[str, Json]) -> dict[str, tuple[str, list[tuple[str, int, str]]]]:
    """By a return's name: where it stands, and what it says of its refunds and their credit memos."""
    return {
        name: (
            seen["status"],
            [(each["status"], each["amount"]["amount"], each["credit_memo"]["status"]) for each in seen["refunds"]],
        )
        for name, seen in returns.items()
    }


def _others(ledger: Sequence[Json]) -> list[Json]:
    return [effect for effect in ledger if effect["kind"] not in ("refund", "credit_memo")]


def _came(returns: Mapping[str, Json]) -> Counter[str]:
    came = Counter[str]()
    for seen in returns.values():
        for line in seen["lines"]:
            came[line["sku"]] += line["quantities"]["accepted"]
    return came


def _stand(seen: Seen) -> dict[str, tuple[str, str, str]]:
    return {
        order["order_id"]: (order["status"], order["payment_status"], order["return_status"]) for order in seen.orders
    }


def _should_stand(before: Seen, backs: Mapping[str, Back]) -> dict[str, tuple[str, str, str]]:
    """From what was ordered and what came back of it, and nothing that Omnigate says of either."""
    stand = {}
    for order in before.orders:
        back = backs.get(order["order_id"])
        if back is None:
            stand[order["order_id"]] = ("completed", "captured", "none")
            continue
        all_money = back.value == order["totals"]["grand_total"]["amount"]
        all_pieces = back.pieces == Counter({line["line_id"]: line["quantity"] for line in order["lines"]})
        stand[order["order_id"]] = (
            "completed",
            "refunded" if all_money else "partially_refunded",
            "returned" if all_pieces else "partially_returned",
        )
    return stand


def _report(told: Cancellations) -> str:
    pieces, goods = sum(sum(back.pieces.values()) for back in told.returns), sum(back.value for back in told.returns)
    left_out = "; ".join(f"{why}: {lines}" for why, lines in told.left_out.items())
    return (
        f"{told.matched} of {told.lines} lines of cancellations in {len(told.returns)} returns, {pieces} pieces,"
        f" GBP {goods / 100:,.2f}: each paid back and credited once; again: no change\nleft out: {left_out}"
    )
