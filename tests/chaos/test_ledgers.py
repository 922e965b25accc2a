"""What the checker holds the ledgers to, invariant by invariant: each case changes one thing in honest evidence."""

from dataclasses import replace

import pytest

from tests.chaos.checker import check
from tests.chaos.checker.evidence import Evidence
from tests.chaos.honest import LINES, Change, both, changed, dropped, honest, repeated

DONE, STOPPED, DECLINED, PARKED = "ord_done", "ord_stopped", "ord_declined", "ord_parked"
OTHER_LINES = (("1", "LAMP-7", 3), ("2", "MUG-RED", 1))

LOSS = [
    (dropped("orders", 2), DECLINED, "was acknowledged, and Omnigate does not know it"),
    (changed("orders", 0, status="processing"), DONE, "is processing: it has neither ended nor is it parked"),
    (changed("orders", 3, parked=""), PARKED, "is parked without a cause"),
    (dropped("effects", 5), DONE, "is completed without erp invoice"),
    (dropped("effects", 10), STOPPED, "erp sales_order was not taken back"),
    (dropped("effects", 6), STOPPED, "psp void took back what was never done"),
    (dropped("effects", 13), PARKED, "is parked, and before its last effect erp sales_order is missing"),
    (repeated("effects", 4, order_id=STOPPED), STOPPED, "did not go through, with psp capture"),
    (repeated("effects", 9, order_id=DONE), DONE, "is completed with wms cancel"),
]
DOUBLES = [
    (repeated("effects", 3), DONE, "2 effects wms shipped instead of one"),
    (repeated("effects", 13, key="again"), PARKED, "2 effects erp sales_order instead of one"),
    (repeated("effects", 0, order_id=DECLINED), None, f"2 effects psp authorisation under {DONE}:authorise"),
    (changed("effects", 0, sequence=2), None, "2 effects have the number 2"),
    (
        changed("effects", 1, reference=None),
        DONE,
        "erp sales_order sales_order of ord_done has neither key nor reference",
    ),
    (repeated("orders", 0), DONE, "is told of 2 times"),
    (repeated("orders", 0, order_id="ord_twin"), None, "2 orders for ord_done at web-uk of web-uk"),
    (repeated("attempts", 0, key="fresh"), DONE, "psp authorise was asked for under 2 keys"),
    (repeated("attempts", 3, key="fresh"), DONE, "psp capture was asked for under 2 keys"),
    (changed("attempts", 1, reference=None), DONE, "erp create_sales_order was asked for without a key"),
    (
        changed("attempts", 2, key=f"{STOPPED}:create_shipment"),
        None,
        f"wms was asked for 2 different things under {STOPPED}:create_shipment",
    ),
]
MONEY = [
    (changed("effects", 4, amount=2594), DONE, "is completed, owes {'GBP': 2595}, and {'GBP': 2594} was taken"),
    (changed("effects", 4, currency="EUR"), DONE, "is completed, owes {'GBP': 2595}, and {'EUR': 2595} was taken"),
    (repeated("effects", 4, order_id=STOPPED), STOPPED, "is cancelled, owes {}, and {'GBP': 2595} was taken"),
    (repeated("effects", 4, amount=1), DONE, "is completed, owes {'GBP': 2595}, and {'GBP': 2596} was taken"),
    (repeated("effects", 4, amount=1), DONE, "{'GBP': 2596} was taken of {'GBP': 2595} that was held"),
    (changed("effects", 11, amount=1), STOPPED, "{'GBP': 2595} was held, {} taken and {'GBP': 1} given back"),
    (
        repeated("effects", 4, order_id=PARKED, amount=2596),
        PARKED,
        "is parked, costs {'GBP': 2595}, and {'GBP': 2596} was taken",
    ),
    (repeated("effects", 4, order_id="ord_nobodys"), None, "5190 GBP were taken in all, 2595 are owed"),
    (changed("wanted", 0, amount=1), None, "2595 GBP were taken in all, 1 are owed"),
]
STOCK = [
    (dropped("effects", 3), None, "LAMP-7: 8 on the shelf, of 10 have 0 left"),
    (dropped("effects", 9), None, "LAMP-7: 2 promised to shipments, which come to 4"),
    (changed("shelves", 0, on_hand=1), None, "LAMP-7: 2 promised of 1: more was sold than there was"),
    (changed("shelves", 0, available=7), None, "LAMP-7: Omnigate would sell 7 more, of 10 are 4 sold"),
    (changed("shelves", 0, available=-1), None, "LAMP-7: Omnigate has sold 1 more than there were"),
    (changed("effects", 2, lines=(("1", "HAT-9", 1),)), None, "HAT-9 was shipped and lies on no shelf"),
]
GHOSTS = [
    (changed("effects", 0, order_id=None), None, "psp authorisation authorisation of ord_done belongs to no order"),
    (changed("attempts", 0, order_id="ord_nobodys"), "ord_nobodys", "psp authorise was asked for no order"),
    (dropped("wanted", 0), DONE, "was placed by no client"),
    (changed("orders", 0, partner="pos"), DONE, "is read by pos, and was placed by web"),
    (changed("exchanges", 0, partner="pos"), DONE, "is read by web, and was acknowledged to pos"),
    (
        changed("orders", 0, channel_order_id="7"),
        DONE,
        "is 7 of web-uk; its receipt was for ord_done at web-uk",
    ),
    (changed("effects", 5, amount=1), DONE, "erp invoice invoice of ord_done is 1 GBP, the order 2595 GBP"),
    (changed("effects", 4, amount=2596), DONE, "psp capture capture of ord_done is 2596 GBP, the order 2595 GBP"),
    (changed("effects", 4, amount=None), DONE, "psp capture capture of ord_done is None GBP, the order 2595 GBP"),
    (
        changed("effects", 2, lines=OTHER_LINES),
        DONE,
        "wms shipment shipment of ord_done has other lines than the order",
    ),
    (
        changed("effects", 1, data={"channel": "pos-uk", "goods": 2200}),
        DONE,
        "erp sales_order sales_order of ord_done is of pos-uk, the order of web-uk",
    ),
    (
        changed("effects", 1, data={"channel": "web-uk", "goods": 1}),
        DONE,
        "erp sales_order sales_order of ord_done has goods of 1, the order of 2200",
    ),
]
SEQUENCE = [
    (changed("effects", 0, sequence=99), DONE, "erp sales_order happened before psp authorisation"),
    (changed("effects", 3, sequence=99), DONE, "psp capture happened before wms shipped"),
    (changed("effects", 11, sequence=-1), STOPPED, "psp void happened before erp cancel"),
    (changed("effects", 9, sequence=8), STOPPED, "wms cancel happened before wms shipment"),
    (changed("effects", 8, sequence=99), STOPPED, "wms cancel happened before wms shipment"),
]
AGREEMENT = [
    (dropped("effects", 6), None, f"psp applied 1 calls under {STOPPED}:authorise, and has 0 effects"),
    (changed("attempts", 0, applied=False), None, f"psp applied 0 calls under {DONE}:authorise, and has 1 effects"),
    (
        changed("effects", 5, amount=1),
        DONE,
        "Counter({'GBP': 2595}) was taken and Counter({'GBP': 1}) invoiced",
    ),
    (changed("effects", 0, amount=1), DONE, "not what was held was booked"),
    (changed("effects", 4, id="cap_other"), DONE, "invoice invoice of ord_done is not paid by its capture"),
    (changed("effects", 1, id="so_other"), DONE, "invoice invoice of ord_done is for another sales order"),
    (
        changed("effects", 11, data={"authorisation": "aut_other"}),
        STOPPED,
        "void void of ord_stopped is of another authorisation",
    ),
    (changed("effects", 9, id="shp_other"), STOPPED, "wms cancel is of shp_other, which is another order's"),
]
CASES = [
    (invariant, *case)
    for invariant, cases in {
        "I1": LOSS,
        "I2": DOUBLES,
        "I3": MONEY,
        "I4": STOCK,
        "I5": GHOSTS,
        "I6": SEQUENCE,
        "I9": AGREEMENT,
    }.items()
    for case in cases
]


TAKEN_IN_TWO = both(
    changed("effects", 4, amount=1000),
    repeated("effects", 4, id="cap_2", key="two", amount=1595, sequence=98),
    repeated("attempts", 3, key="two"),
)
REST_GIVEN_BACK = both(
    changed("effects", 4, amount=1000),
    repeated("effects", 4, kind="void", id=f"authorisation of {DONE}", key="rest", amount=1595, sequence=99),
    repeated("attempts", 3, operation="void", key="rest"),
    changed("effects", 5, amount=1000, data={**honest().effects[5].data, "paid": 1000}),
)
ONE_NOT_SENT = both(changed("effects", 3, lines=LINES[:1]), changed("shelves", 1, on_hand=5, allocated=2))


@pytest.mark.parametrize(("invariant", "change", "order", "sentence"), CASES)
def test_a_ledger_that_is_wrong_in_one_place_is_named(
    invariant: str, change: Change, order: str | None, sentence: str
) -> None:
    violations = check(change(honest()), only=[invariant])

    assert (order, sentence) in [(each.order, each.sentence) for each in violations]
    assert {each.invariant for each in violations} == {invariant}


def test_nothing_is_wrong_with_honest_evidence() -> None:
    assert check(honest()) == []


@pytest.mark.parametrize(
    "change", [TAKEN_IN_TWO, both(REST_GIVEN_BACK, ONE_NOT_SENT)], ids=["taken in two", "the rest given back"]
)
def test_nothing_is_wrong_with_money_taken_in_parts(change: Change) -> None:
    assert check(change(honest())) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (both(TAKEN_IN_TWO, repeated("attempts", 3, key="three")), "psp capture was asked for under 3 keys"),
        (
            both(TAKEN_IN_TWO, changed("effects", 15, amount=1594)),
            "is completed, owes {'GBP': 2595}, and {'GBP': 2594} was taken",
        ),
        (
            both(REST_GIVEN_BACK, ONE_NOT_SENT, changed("effects", 15, amount=1594)),
            "{'GBP': 2595} was held, {'GBP': 1000} taken and {'GBP': 1594} given back",
        ),
        (REST_GIVEN_BACK, "was sent whole, and {'GBP': 1595} of its money was given back"),
        (ONE_NOT_SENT, "wms shipped shipment of ord_done has other lines than the order"),
    ],
)
def test_parts_that_do_not_add_up_are_named(change: Change, sentence: str) -> None:
    assert (DONE, sentence) in [(each.order, each.sentence) for each in check(change(honest()))]


def test_a_parked_order_may_hang_on_a_further_part_until_all_is_taken() -> None:
    part = repeated("effects", 4, order_id=PARKED, id="cap_1", key="one", amount=1000, sequence=98)
    asked = both(repeated("attempts", 3, order_id=PARKED, key="one"), repeated("attempts", 3, order_id=PARKED, key="2"))

    hanging = check(both(part, asked)(honest()), only=["I2", "I5"])
    taken = check(both(part, asked, changed("effects", 15, amount=2595))(honest()), only=["I2"])

    assert (hanging, [each.sentence for each in taken]) == ([], ["psp capture was asked for under 2 keys"])


def _unreleased(evidence: Evidence) -> Evidence:
    """The parked order never got as far as the warehouse: its units are promised to nobody there, and held by us."""
    shelves = tuple(replace(shelf, allocated=0) for shelf in evidence.shelves)
    return replace(both(dropped("effects", 14), dropped("attempts", 13))(evidence), shelves=shelves)


def test_what_a_parked_order_holds_is_not_for_sale_and_not_missing() -> None:
    held = check(_unreleased(honest()))
    given_back = check(changed("shelves", 0, available=8)(_unreleased(honest())))

    assert (held, given_back) == ([], [])
