"""`Crediting`, whoever provides it: what it credits, and what it refuses to."""

from dataclasses import replace

import pytest

from gateway.domain.money import Money
from gateway.errors import Failed, Rejected
from gateway.ports import BackEnds, Crediting
from tests.adapters.ports.effects import credited
from tests.adapters.ports.ground import Ground


def credits_of(back_ends: BackEnds) -> Crediting:
    assert back_ends.credits is not None
    return back_ends.credits


async def test_goods_that_came_back_are_credited_less_the_fee(ground: Ground) -> None:
    memo = await credited(ground, quantity=2, fee=1_50)

    posted = await credits_of(ground.back_ends).credit(memo, key="credit")

    [effect] = await ground.effects("erp", kind="credit_memo")
    assert (effect["id"], effect["amount"]) == (posted.id, {"amount": 13_50, "currency": "EUR"})
    assert (effect["data"]["sales_order"], effect["data"]["invoice"]) == (memo.sales_order, memo.invoice)
    assert effect["data"]["fees"] == [{"type": "restocking", "amount": 1_50}]
    assert [(line["line_id"], line["quantity"], line["net"], line["tax"]) for line in effect["lines"]] == [
        ("1", 2, 12_60, 2_40)
    ]
    assert posted.facts == {"number": effect["data"]["number"], "status": "posted"}
    assert (await ground.books("erp"))["credited"] == {"EUR": 13_50}


async def test_no_more_is_credited_than_was_invoiced(ground: Ground) -> None:
    erp, memo = credits_of(ground.back_ends), await credited(ground, quantity=3, fee=0)
    await erp.credit(memo, key="all of it")

    with pytest.raises(Rejected) as refusal:
        await erp.credit(replace(memo, lines=(replace(memo.lines[0], quantity=1),)), key="once more")

    assert refusal.value.facts["code"] == "credit_exceeds_invoice"
    assert len(await ground.effects("erp", kind="credit_memo")) == 1


async def test_no_more_pieces_are_credited_than_were_sold(ground: Ground) -> None:
    memo = await credited(ground, fee=0)
    cheap = replace(memo.lines[0], quantity=4, net=Money(1, "EUR"), tax=Money(0, "EUR"))

    with pytest.raises(Rejected) as refusal:
        await credits_of(ground.back_ends).credit(replace(memo, lines=(cheap,)), key="four of three")

    assert refusal.value.facts["code"] == "credit_exceeds_invoice"


async def test_a_closed_period_is_a_no_until_it_is_open(ground: Ground) -> None:
    erp, memo = credits_of(ground.back_ends), await credited(ground)
    await ground.close_period(closed=True)
    with pytest.raises(Rejected) as refusal:
        await erp.credit(memo, key="credit")
    await ground.close_period(closed=False)

    await erp.credit(memo, key="credit")

    assert refusal.value.facts["code"] == "fiscal_period_closed"
    assert len(await ground.effects("erp", kind="credit_memo")) == 1


async def test_what_was_not_invoiced_is_not_credited(ground: Ground) -> None:
    memo = await credited(ground)

    with pytest.raises(Rejected) as refusal:
        await credits_of(ground.back_ends).credit(replace(memo, invoice="inv_other"), key="credit")
    with pytest.raises(Failed):
        await credits_of(ground.back_ends).credit(replace(memo, sales_order="so_never"), key="credit")

    assert refusal.value.facts["code"] == "invoice_not_found"
    assert await ground.effects("erp", kind="credit_memo") == []
