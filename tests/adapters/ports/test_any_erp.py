"""
What an ERP and its adapter have to keep, whoever wrote them: the suite to pass before they are put behind Omnigate.

Runs over the REST dialect; with OMNIGATE_ERP=package.module:function and OMNIGATE_ERP_URL also over what they name.
SUITE_SKU is an article that the ERP sells (LAMP-7), SUITE_SUPPLIER the code of one that it buys from (S-4711). It
books, cancels, invoices and, where it says so, credits, buys and posts bills: give it an ERP to try things on.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.outbound import Outbound
from gateway.errors import Failed, Rejected, Unknown
from gateway.ports import Checkable, RetryClass, sending
from gateway.promises import OPTIONAL, contradictions
from tests.adapters.ports.any_erp import (
    AnyErp,
    Asked,
    book,
    cancel,
    cancel_purchase,
    credit,
    invoice,
    named,
    order_goods,
    post_bill,
    receive_goods,
    rest,
)
from tests.adapters.ports.ground import refusing_port

ADAPTERS = [pytest.param(rest, id="rest")]
if ":" in os.environ.get("OMNIGATE_ERP", ""):
    ADAPTERS.append(pytest.param(named, id="yours"))


@pytest.fixture(params=ADAPTERS)
async def erp(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyErp]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(request.param(tmp_path))


EFFECTS = [book, cancel, invoice, credit, order_goods, cancel_purchase, receive_goods, post_bill]


@pytest.fixture(params=EFFECTS, ids=lambda prepare: prepare.__name__)
async def asked(request: pytest.FixtureRequest, erp: AnyErp) -> Asked:
    name = request.param.__name__
    if name in OPTIONAL["erp"] and name not in erp.port.manifest:
        pytest.skip(f"it does not promise '{name}'")
    prepared: Asked = await request.param(erp)
    return prepared


def test_its_manifest_does_not_contradict_itself(erp: AnyErp) -> None:
    assert contradictions("erp", erp.port.manifest) == []


async def test_it_finds_nothing_wrong_with_itself(erp: AnyErp) -> None:
    assert not isinstance(erp.port, Checkable) or await erp.port.findings() == []


async def test_what_was_done_is_found_under_its_key(asked: Asked) -> None:
    done = await asked.ask()

    assert done.key == asked.key
    assert [found.id for found in await asked.found()] == [done.id]


async def test_what_was_never_asked_for_is_not_found(asked: Asked) -> None:
    assert await asked.find() == []


@pytest.mark.parametrize("how", ["cut", "garbage", "error"])
async def test_a_lost_answer_is_unknown_and_settled_by_evidence(asked: Asked, how: str) -> None:
    asked.erp.wire.loses = how
    with pytest.raises(Unknown):
        await asked.ask()

    if not await asked.found():
        await asked.ask()

    assert len(await asked.found()) == 1


async def test_repeating_does_what_the_manifest_promises(asked: Asked) -> None:
    await asyncio.gather(asked.ask(), asked.ask())
    await asked.ask()

    repeated = asked.erp.port.manifest[asked.operation].retry_class is RetryClass.LOOK_UP_FIRST
    assert len(await asked.found()) == 1 or repeated


async def test_nothing_is_sent_when_it_is_too_late(asked: Asked) -> None:
    before = asked.erp.wire.effects

    with sending(datetime.now(UTC) - timedelta(milliseconds=1)), pytest.raises(Failed):
        await asked.ask()

    assert asked.erp.wire.effects == before


async def test_an_erp_that_is_away_has_done_nothing(erp: AnyErp) -> None:
    async with Outbound("erp", url=refusing_port()) as nowhere:
        with pytest.raises(Failed):
            await erp.make(nowhere, None).book(erp.order(), key="away")


async def test_an_article_that_it_does_not_sell_is_a_no(erp: AnyErp) -> None:
    with pytest.raises(Rejected):
        await erp.port.book(erp.order("NOTHING-LIKE-IT"), key="unknown article")

    assert await erp.port.find("book", key="unknown article") == []


async def test_cancelling_what_never_was_is_neither_done_nor_in_doubt(erp: AnyErp) -> None:
    with pytest.raises((Failed, Rejected)):
        await erp.port.cancel("999999", key="never was")


async def test_what_was_invoiced_is_not_cancelled(erp: AnyErp) -> None:
    posted = await invoice(erp)
    await posted.ask()
    assert posted.subject is not None

    with pytest.raises(Rejected):
        await erp.port.cancel(posted.subject, key="too late")
