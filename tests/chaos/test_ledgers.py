"""What the checker holds the ledgers to, invariant by invariant: each case changes one thing in honest evidence."""

from dataclasses import replace

import pytest

from tests.chaos.checker import check
from tests.chaos.checker.evidence import Part
from tests.chaos.honest import LINES, Change, both, changed, dropped, honest, repeated

DONE, STOPPED, DECLINED, PARKED, SPLIT = "ord_done", "ord_stopped", "ord_declined", "ord_parked", "ord_split"
SOUTH, NORTH = honest().orders[4].parts
OTHER_LINES = (("1", "LAMP-7", 3), ("2", "MUG-RED", 1))
SOUTH_LINES = (("1", "LAMP-7", 1),)


def _parts(*parts: Part) -> Change:
    """What is told of the parts of the order that has two."""
    return changed("orders", 4, parts=parts)


LOSS = [
    (dropped("orders", 2), DECLINED, "was acknowledged, and Omnigate does not know it"),
    (changed("orders", 0, status="processing"), DONE, "is processing: it has neither ended nor is it parked"),
    (changed("orders", 3, parked=""), PARKED, "is parked without a cause"),
    (dropped("effects", 0), DONE, "is completed without psp authorisation"),
    (dropped("effects", 5), DONE, "ful_done is completed without erp invoice"),
    (dropped("effects", 25), SPLIT, "ful_north is completed without erp invoice"),
    (dropped("effects", 10), STOPPED, "ful_stopped erp sales_order was not taken back"),
    (dropped("effects", 11), STOPPED, "psp authorisation was not taken back"),
    (dropped("effects", 6), STOPPED, "psp void took back what was never done"),
    (dropped("effects", 8), STOPPED, "ful_stopped wms cancel took back what was never done"),
    (dropped("effects", 13), PARKED, "ful_parked is parked, and before its last effect erp sales_order is missing"),
    (dropped("effects", 12), PARKED, "is parked, and before its last effect psp authorisation is missing"),
    (
        repeated("effects", 4, order_id=STOPPED, key="ful_stopped:capture"),
        STOPPED,
        "ful_stopped did not go through, with psp capture",
    ),
    (
        repeated("effects", 9, order_id=DONE, key="ful_done:cancel"),
        DONE,
        "ful_done is completed with wms cancel",
    ),
    (repeated("effects", 11, order_id=DONE, kind="refund"), DONE, "is completed with psp refund"),
    (_parts(SOUTH, replace(NORTH, status="released")), SPLIT, "ful_north is released, and its order is completed"),
    (
        _parts(*(replace(each, status="rejected") for each in (SOUTH, NORTH))),
        SPLIT,
        "is completed, and none of its parts is",
    ),
    (changed("orders", 4, status="cancelled"), SPLIT, "is cancelled, and ful_south and ful_north completed"),
]
DOUBLES = [
    (repeated("effects", 3), DONE, "ful_done has 2 effects wms shipped instead of one"),
    (repeated("effects", 21), SPLIT, "ful_north has 2 effects wms shipped instead of one"),
    (
        repeated("effects", 13, reference="ful_parked:again"),
        PARKED,
        "ful_parked has 2 effects erp sales_order instead of one",
    ),
    (repeated("effects", 6, key="again"), STOPPED, "2 effects psp authorisation instead of one"),
    (repeated("effects", 0, order_id=DECLINED), None, f"2 effects psp authorisation under {DONE}:authorise"),
    (changed("effects", 0, sequence=2), None, "2 effects have the number 2"),
    (
        changed("effects", 1, reference=None),
        DONE,
        "erp sales_order sales_order of ful_done has neither key nor reference",
    ),
    (repeated("orders", 0), DONE, "is told of 2 times"),
    (repeated("orders", 0, order_id="ord_twin"), None, "2 orders for ord_done at web-uk of web-uk"),
    (repeated("orders", 0, order_id="ord_twin"), "ful_done", "is told of 2 times"),
    (repeated("attempts", 0, key="fresh"), DONE, "psp authorise was asked for under 2 keys"),
    (
        repeated("attempts", 3, key="ful_done:fresh"),
        DONE,
        "psp capture was asked for under 2 keys of ful_done",
    ),
    (changed("attempts", 1, reference=None), DONE, "erp create_sales_order was asked for without a key"),
    (
        changed("attempts", 2, key="ful_stopped:create_shipment"),
        None,
        "wms was asked for 2 different things under ful_stopped:create_shipment",
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
    (
        repeated("effects", 4, order_id=PARKED, key="ful_parked:capture"),
        PARKED,
        "ful_parked has not left, and {'GBP': 2595} was taken for it",
    ),
    (
        both(changed("effects", 22, amount=1450), changed("effects", 23, amount=1145)),
        SPLIT,
        "ful_south comes to 1145, and {'GBP': 1450} was taken for it",
    ),
    (dropped("effects", 23), SPLIT, "{'GBP': 2595} was held, {'GBP': 1145} taken and {} given back"),
    (repeated("effects", 4, order_id="ord_nobodys"), None, "7785 GBP were taken in all, 5190 are owed"),
    (_parts(SOUTH, replace(NORTH, amount=1)), None, "5190 GBP were taken in all, 3741 are owed"),
]
STOCK = [
    (dropped("effects", 3), None, "LAMP-7 at main: 8 on the shelf, of 10 have 0 left"),
    (dropped("effects", 9), None, "LAMP-7 at main: 2 promised to shipments, which come to 4"),
    (changed("shelves", 0, on_hand=1), None, "LAMP-7 at main: 2 promised of 1: more was sold than there was"),
    (changed("shelves", 0, available=7), None, "LAMP-7 at main: Omnigate would sell 7 more, of 10 are 4 sold"),
    (changed("shelves", 0, available=-1), None, "LAMP-7 at main: Omnigate has sold 1 more than there were"),
    (changed("effects", 2, lines=(("1", "HAT-9", 1),)), None, "HAT-9 was shipped and lies on no shelf of main"),
    (
        changed("effects", 19, data={"node": "south"}),
        None,
        "LAMP-7 at south: Omnigate would sell 0 more, of 1 are 2 sold",
    ),
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
    (changed("effects", 0, amount=1), DONE, "psp authorisation authorisation of ord_done is 1 GBP, the order 2595 GBP"),
    (changed("effects", 5, amount=1), DONE, "erp invoice invoice of ful_done is 1 GBP, its part 2595 GBP"),
    (changed("effects", 4, amount=2596), DONE, "psp capture capture of ful_done is 2596 GBP, its part 2595 GBP"),
    (changed("effects", 4, amount=None), DONE, "psp capture capture of ful_done is None GBP, its part 2595 GBP"),
    (changed("effects", 22, amount=1450), SPLIT, "psp capture capture of ful_south is 1450 GBP, its part 1145 GBP"),
    (
        changed("effects", 2, lines=OTHER_LINES),
        DONE,
        "wms shipment shipment of ful_done has other lines than its part",
    ),
    (
        changed("effects", 20, lines=LINES),
        SPLIT,
        "wms shipped shipment of ful_south has other lines than its part",
    ),
    (
        changed("effects", 1, data={"channel": "pos-uk", "goods": 2200}),
        DONE,
        "erp sales_order sales_order of ful_done is of pos-uk, the order of web-uk",
    ),
    (
        changed("effects", 16, data={"channel": "web-uk", "goods": 2200}),
        SPLIT,
        "erp sales_order sales_order of ful_south has goods of 2200, its part of 750",
    ),
    (
        changed("effects", 18, key="ful_nobodys:create_shipment"),
        SPLIT,
        "wms shipment shipment of ful_south is of ful_nobodys, which is none of its parts",
    ),
    (
        changed("attempts", 17, key=f"{SPLIT}:create_shipment"),
        SPLIT,
        f"wms create_shipment was asked for as {SPLIT}:create_shipment, which is none of its parts'",
    ),
]
SEQUENCE = [
    (changed("effects", 0, sequence=99), DONE, "erp sales_order of ful_done happened before psp authorisation"),
    (changed("effects", 3, sequence=99), DONE, "psp capture of ful_done happened before wms shipped"),
    (changed("effects", 23, sequence=20), SPLIT, "psp capture of ful_north happened before wms shipped"),
    (changed("effects", 11, sequence=-1), STOPPED, "psp void of ful_stopped happened before erp cancel"),
    (changed("effects", 9, sequence=8), STOPPED, "wms cancel of ful_stopped happened before wms shipment"),
    (changed("effects", 8, sequence=99), STOPPED, "wms cancel of ful_stopped happened before wms shipment"),
    (
        both(changed("effects", 17, sequence=19), changed("effects", 18, sequence=18)),
        SPLIT,
        "ful_south was released before all of its order was booked",
    ),
    (
        repeated("effects", 11, order_id=SPLIT, sequence=24),
        SPLIT,
        "erp invoice of invoice of ful_north happened after the money was given back",
    ),
]
AGREEMENT = [
    (dropped("effects", 6), None, f"psp applied 1 calls under {STOPPED}:authorise, and has 0 effects"),
    (changed("attempts", 0, applied=False), None, f"psp applied 0 calls under {DONE}:authorise, and has 1 effects"),
    (
        changed("effects", 5, amount=1),
        DONE,
        "ful_done: Counter({'GBP': 2595}) was taken and Counter({'GBP': 1}) invoiced",
    ),
    (
        changed("effects", 20, lines=LINES),
        SPLIT,
        f"ful_south: {[SOUTH_LINES]} was booked and {[LINES]} sent",
    ),
    (changed("effects", 0, amount=1), DONE, "not what was held was booked or given back"),
    (changed("effects", 4, id="cap_other"), DONE, "ful_done: invoice invoice of ful_done is not paid by its capture"),
    (
        changed("effects", 24, data={**honest().effects[24].data, "payment": "capture of ful_north"}),
        SPLIT,
        "ful_south: invoice invoice of ful_south is not paid by its capture",
    ),
    (changed("effects", 1, id="so_other"), DONE, "ful_done: invoice invoice of ful_done is for another sales order"),
    (
        changed("effects", 11, data={"authorisation": "aut_other"}),
        STOPPED,
        "void void of ord_stopped is of another authorisation",
    ),
    (changed("effects", 9, id="shp_other"), STOPPED, "ful_stopped: wms cancel is of shp_other, which is another's"),
    (
        changed("effects", 20, id="shipment of ful_north"),
        SPLIT,
        "ful_south: wms shipped is of shipment of ful_north, which is another's",
    ),
]
PIECES = [
    (changed("effects", 20, lines=(("1", "LAMP-7", 2),)), SPLIT, "3 of line 1 are sent, 2 were ordered"),
    (_parts(replace(SOUTH, lines=(("1", 2),)), NORTH), SPLIT, "3 of line 1 are served, 2 were ordered"),
    (_parts(replace(SOUTH, amount=1144), NORTH), SPLIT, "ful_south costs 1144, its pieces 750 to 750"),
    (_parts(replace(SOUTH, amount=750), NORTH), SPLIT, "its parts cost 2200, all of it 2595"),
    (
        changed("orders", 4, pieces=(("1", "cancelled", 2), ("2", "in_transit", 1))),
        SPLIT,
        "{'cancelled': 2} of line 1; 2 of 2 were sent",
    ),
    (
        changed("orders", 4, pieces=(("1", "in_transit", 2), ("2", "in_transit", 1), ("2", "open", 1))),
        SPLIT,
        "has ended, and pieces of line 2 are open",
    ),
    (
        changed("orders", 4, payment="partially_captured"),
        SPLIT,
        "its payment is told as partially_captured, and is captured",
    ),
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
        "I12": PIECES,
    }.items()
    for case in cases
]


@pytest.mark.parametrize(("invariant", "change", "order", "sentence"), CASES)
def test_a_ledger_that_is_wrong_in_one_place_is_named(
    invariant: str, change: Change, order: str | None, sentence: str
) -> None:
    violations = check(change(honest()), only=[invariant])

    assert (order, sentence) in [(each.order, each.sentence) for each in violations]
    assert {each.invariant for each in violations} == {invariant}


def test_nothing_is_wrong_with_honest_evidence() -> None:
    assert check(honest()) == []


NORTH_GAVE_UP = both(
    *[dropped("effects", 25), dropped("effects", 23), dropped("effects", 21)],
    *[dropped("attempts", 22), dropped("attempts", 20)],
    repeated("effects", 9, order_id=SPLIT, id="shipment of ful_north", key="ful_north:cancel", sequence=90),
    repeated(
        *("effects", 10),
        order_id=SPLIT,
        id="sales_order of ful_north",
        reference="ful_north:cancel",
        sequence=91,
        amount=1450,
    ),
    repeated("effects", 11, order_id=SPLIT, key="rest", sequence=92, data=honest().effects[22].data, amount=1450),
    repeated("attempts", 8, order_id=SPLIT, key="ful_north:cancel"),
    repeated("attempts", 9, order_id=SPLIT, reference="ful_north:cancel"),
    repeated("attempts", 10, order_id=SPLIT, key="rest"),
    _parts(SOUTH, replace(NORTH, status="cancelled")),
    changed("orders", 4, pieces=(("1", "in_transit", 1), ("1", "cancelled", 1), ("2", "cancelled", 1))),
    *[changed("shelves", 3, on_hand=3, available=3), changed("shelves", 4, on_hand=1, available=1)],
)


def test_nothing_is_wrong_with_an_order_of_which_one_part_went_and_one_was_cancelled() -> None:
    assert check(NORTH_GAVE_UP(honest())) == []
