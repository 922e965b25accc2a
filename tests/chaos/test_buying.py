"""What I15 can say: each case changes something in evidence of goods that were bought."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.bought import CAME, FEWER, FIRST, SECOND, with_goods_bought
from tests.chaos.checker import check, read, write
from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.papers import Receipt
from tests.chaos.honest import Change, both, changed, dropped, repeated

KEPT, GONE = 0, 1  # purchases
POSTED, REJECTED = 0, 1  # invoices


def effect(kind: str, name: str, **other: object) -> Change:
    """That one, otherwise."""
    return lambda evidence: changed("effects", _place(evidence, kind, name), **other)(evidence)


def without(kind: str, name: str) -> Change:
    """It never happened, and nobody asked for it."""

    def change(evidence: Evidence) -> Evidence:
        gone = evidence.effects[_place(evidence, kind, name)]
        asked = tuple(each for each in evidence.attempts if (each.system, each.name) != (gone.system, gone.name))
        return replace(dropped("effects", _place(evidence, kind, name))(evidence), attempts=asked)

    return change


def again(kind: str, name: str, /, **other: object) -> Change:
    """Once more, as soundly as could be: asked for under a name of its own."""

    def change(evidence: Evidence) -> Evidence:
        first = evidence.effects[_place(evidence, kind, name)]
        at = next(at for at, each in enumerate(evidence.attempts) if each.sequence == first.sequence)
        own = {"sequence": 1000, "reference": "pur_again", "key": "pur_again" if first.key else None}
        more = repeated("effects", _place(evidence, kind, name), **{**own, "id": f"{name}_again", **other})
        return both(more, repeated("attempts", at, **own))(evidence)

    return change


def _place(evidence: Evidence, kind: str, name: str) -> int:
    return next(at for at, each in enumerate(evidence.effects) if (each.kind, each.id) == (kind, name))


def data(kind: str, name: str, **other: object) -> Change:
    def change(evidence: Evidence) -> Evidence:
        before = evidence.effects[_place(evidence, kind, name)].data
        return effect(kind, name, data={**before, **other})(evidence)

    return change


TOO_MANY = Receipt(number="G-2", lines=(("2", 6, 0),))
CASES: list[tuple[Change, str, str]] = [
    (again("purchase_order", "pur_fewer"), "po_kept", "revision 3 has 2 effects erp purchase_order"),
    (
        again("purchase_order", "pur_fewer"),
        "po_kept",
        "is partially_received, and of erp purchase_order stand revisions [3, 3] instead of [3]",
    ),
    (
        without("purchase_order", "pur_fewer"),
        "po_kept",
        "is partially_received, and of erp purchase_order stand revisions [] instead of [3]",
    ),
    (again("message", "spm_second"), "po_kept", "revision 2 has 2 effects supplier message"),
    (
        without("message", "spm_second"),
        "po_kept",
        "is partially_received, and of supplier message stand revisions [] instead of [2]",
    ),
    (
        without("purchase_cancel", "pur_gone"),
        "po_gone",
        "is cancelled, and of erp purchase_order stand revisions [1] instead of []",
    ),
    (
        without("withdrawal", "spm_gone"),
        "po_gone",
        "is cancelled, and of supplier message stand revisions [1] instead of []",
    ),
    (
        without("withdrawal", "spm_first"),
        "po_kept",
        "supplier message of revisions [1, 2] stood at once",
    ),
    (
        effect("purchase_cancel", "pur_second", sequence=999),
        "po_kept",
        "erp purchase_order of revisions [2, 3] stood at once",
    ),
    (
        effect("withdrawal", "spm_gone", id="spm_other"),
        "po_gone",
        "supplier withdrawal took back spm_other, which is none of its",
    ),
    (
        data("purchase_order", "pur_fewer", revision=4),
        "po_kept",
        "erp purchase_order pur_fewer is of revision 4, which was never issued",
    ),
    (
        data("message", "spm_second", revision=3),
        "po_kept",
        "supplier message spm_second is of revision 3, which was never issued",
    ),
    (
        data("purchase_order", "pur_fewer", supplier_code="V-200"),
        "po_kept",
        "erp purchase_order pur_fewer is of V-200, the order of V-100",
    ),
    (
        effect("purchase_order", "pur_fewer", amount=7501),
        "po_kept",
        "erp purchase_order pur_fewer is 7501 GBP, the revision 7500",
    ),
    (
        effect("message", "spm_second", lines=(("1", "BULB-1", 20),)),
        "po_kept",
        "supplier message spm_second has other lines than revision 2",
    ),
    (
        effect("purchase_order", "pur_gone", order_id="po_nobodys"),
        "po_nobodys",
        "erp purchase_order pur_gone is of no purchase order",
    ),
    (
        changed("purchases", GONE, status="issued"),
        "po_gone",
        "is issued: it is neither agreed to nor cancelled",
    ),
    (changed("purchases", GONE, status="confirmed"), "po_gone", "was cancelled, and is confirmed"),
    (changed("purchases", GONE, status=None), "po_gone", "was written, and Omnigate does not know it"),
    (again("goods_receipt", "grn_2"), "po_kept", "receipt G-2 of (('2', 4, 0),) is posted 2 times instead of 1"),
    (without("goods_receipt", "grn_2"), "po_kept", "receipt G-2 of (('2', 4, 0),) is posted 0 times instead of 1"),
    (again("bill", "bil_1"), "po_kept", "invoice INV-1 of 7350 is posted 2 times instead of 1"),
    (without("bill", "bil_1"), "po_kept", "invoice INV-1 of 7350 is posted 0 times instead of 1"),
    (
        again("bill", "bil_1", amount=150, data={"purchase": "pur_fewer", "invoice_number": "INV-2"}),
        "po_kept",
        "invoice INV-2 of 150 is posted 1 times instead of 0",
    ),
    (
        data("bill", "bil_1", purchase="pur_second"),
        "po_kept",
        "erp bill bil_1 is on pur_second, which does not stand",
    ),
    (
        changed("invoices", POSTED, status="approved"),
        "po_kept",
        "invoice INV-1 is approved: it is neither posted nor rejected",
    ),
    (
        changed("invoices", REJECTED, status="posted", number="inv.1"),
        "po_kept",
        "2 invoices with the number INV1 were approved",
    ),
    (
        changed("invoices", REJECTED, status="posted"),
        "po_kept",
        "12 of line 2 are billed by what was approved, 11 were accepted",
    ),
    (dropped("invoices", REJECTED), "po_kept", "invoice INV-2 was taken, and Omnigate does not know it"),
    (
        changed("purchases", KEPT, receipts=(CAME[0], TOO_MANY)),
        "po_kept",
        "13 of line 2 were accepted, 12 were ordered",
    ),
    (
        changed("purchases", KEPT, arrived=(("1", 19, 19), ("2", 8, 7))),
        "po_kept",
        "of line 2 12 came and 11 were whole, and it says (8, 7)",
    ),
]


@pytest.mark.parametrize(("change", "order", "sentence"), CASES)
def test_what_goes_wrong_with_what_is_bought_is_named(change: Change, order: str, sentence: str) -> None:
    violations = check(change(with_goods_bought()), only=["I15"])

    assert (order, sentence) in [(each.order, each.sentence) for each in violations]


def test_a_supplier_that_is_asked_twice_for_one_thing_is_told_of() -> None:
    about = {"kind": "reminder", "data": {"revision": 1, "awaited": "confirmation"}}
    asked = [again("message", "spm_first", id=name, sequence=at, **about) for at, name in ((1001, "a"), (1002, "b"))]

    found = check(both(*asked)(with_goods_bought()), only=["I15"])

    assert [each.sentence for each in found] == ["the confirmation of revision 1 was asked for 2 times"]


def test_nothing_is_wrong_with_what_was_bought_once() -> None:
    evidence = with_goods_bought()

    assert check(evidence) == []
    assert [each.number for each in evidence.purchases[KEPT].revisions] == [
        each.number for each in (FIRST, SECOND, FEWER)
    ]


def test_evidence_of_purchases_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(with_goods_bought(), tmp_path / "run.jsonl")

    read_again = read(tmp_path / "run.jsonl")

    assert read_again.purchases == with_goods_bought().purchases
    assert read_again.invoices == with_goods_bought().invoices
