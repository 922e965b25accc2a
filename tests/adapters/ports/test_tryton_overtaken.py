"""
Copies of one call, and a Tryton that works late: whoever sees a record that has gone halfway goes on from there.

One copy is stopped before its n-th call, the other one goes through from beginning to end, and then the first goes on;
for so many n, spread over all of its calls. What bad luck would show once in a hundred runs is shown in every one.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx2
import pytest

from adapters.tryton import MANIFESTS, Manifests, Roles, tryton_back_ends
from gateway.domain.credits import CreditLine, CreditMemo
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.domain.procurement import GoodsLine
from gateway.ports import Effect
from tests.adapters.ports.ground import HOME, order
from tests.adapters.ports.on_tryton import login_of, mapping_of
from tests.adapters.tryton.buyer import LAMPS, Buyer
from tests.peers.tryton import Tryton, tryton

pytestmark = pytest.mark.proof

Ask = Callable[[Roles], Awaitable[Effect]]
Prepare = Callable[[Roles], Awaitable[Ask]]

STOPS = 6


@dataclass(slots=True)
class Overtaken(httpx2.AsyncBaseTransport):
    """A network on which, before the n-th call, somebody else is served first."""

    carrier: httpx2.AsyncBaseTransport
    at: int
    first: Callable[[], Awaitable[object]]
    calls: int = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not json.loads(request.content)["method"].endswith(("db.login", "get_preferences")):
            self.calls += 1
            if self.calls == self.at:
                await self.first()
        return await self.carrier.handle_async_request(request)


@asynccontextmanager
async def connected(server: Tryton, transport: httpx2.AsyncBaseTransport) -> AsyncIterator[Roles]:
    """Patient: who is overtaken waits for all that the other one does."""
    mapping = mapping_of(server, skip_warnings=["invoice_taxes"])
    erp, wms = (
        {operation: replace(promise, attempt=300.0) for operation, promise in manifest.items()}
        for manifest in (MANIFESTS.erp, MANIFESTS.wms)
    )
    patient = Manifests(erp=erp, wms=wms)
    async with tryton_back_ends(login_of(server), mapping, manifests=patient, transport=transport) as roles:
        yield roles


def placed(price: str = "7.50", tax: int = 0) -> Order:
    """An order of its own; with a tax of 1 cent on 9 Tryton needs a line for what it rounds otherwise."""
    made = order(price=price, order_id=f"ord_{uuid4().hex}")
    taxed = replace(made.lines[0], tax=Money(tax, "EUR"))
    return replace(made, lines=(taxed,), totals=replace(made.totals, tax=Money(tax, "EUR")))


async def book(_: Roles) -> Ask:
    made = placed("0.03", 1)
    return lambda roles: roles.erp.book(made, key=f"{made.order_id}/book")


async def cancel(roles: Roles) -> Ask:
    made = placed()
    booked = await roles.erp.book(made, key=f"{made.order_id}/book")
    await roles.wms.release(made, HOME, key=f"{made.order_id}/release")
    return lambda roles: roles.erp.cancel(booked.id, key=f"{made.order_id}/cancel")


async def invoice(roles: Roles) -> Ask:
    made = placed()
    booked = await roles.erp.book(made, key=f"{made.order_id}/book")
    key, total = f"{made.order_id}/invoice", made.totals.grand_total
    return lambda roles: roles.erp.invoice(booked.id, total, capture="cap_1", key=key)


async def credit(roles: Roles) -> Ask:
    made = placed()
    booked = await roles.erp.book(made, key=f"{made.order_id}/book")
    total, key = made.totals.grand_total, f"{made.order_id}/credit"
    billed = await roles.erp.invoice(booked.id, total, capture="cap_1", key=f"{made.order_id}/invoice")
    line = CreditLine("1", "LAMP-7", 1, Money(6_30, "EUR"), Money(1_20, "EUR"))
    memo = CreditMemo(
        order_id=made.order_id,
        sales_order=booked.id,
        invoice=billed.id,
        lines=(line,),
        reason="changed_mind",
        refund="ref_1",
    )
    return lambda roles: roles.erp.credit(memo, key=key)


async def release(roles: Roles) -> Ask:
    made = placed()
    await roles.erp.book(made, key=f"{made.order_id}/book")
    return lambda roles: roles.wms.release(made, HOME, key=f"{made.order_id}/release")


async def cancel_release(roles: Roles) -> Ask:
    made = placed()
    await roles.erp.book(made, key=f"{made.order_id}/book")
    released = await roles.wms.release(made, HOME, key=f"{made.order_id}/release")
    return lambda roles: roles.wms.cancel(released.id, key=f"{made.order_id}/cancel")


async def order_goods(_: Roles) -> Ask:
    buyer = Buyer(f"PO-{uuid4().hex}")
    return lambda roles: roles.erp.order_goods(buyer.order, key=f"{buyer.number}/order")


async def cancel_purchase(roles: Roles) -> Ask:
    buyer = Buyer(f"PO-{uuid4().hex}")
    ordered = await roles.erp.order_goods(buyer.order, key=f"{buyer.number}/order")
    return lambda roles: roles.erp.cancel_purchase(ordered.id, key=f"{buyer.number}/cancel")


async def receive_goods(roles: Roles) -> Ask:
    buyer = Buyer(f"PO-{uuid4().hex}")
    ordered = await roles.erp.order_goods(buyer.order, key=f"{buyer.number}/order")
    came = buyer.receipt(ordered, GoodsLine(LAMPS, "LAMP-7", 48, damaged=2))
    return lambda roles: roles.erp.receive_goods(came, key=f"{buyer.number}/receipt")


async def post_bill(roles: Roles) -> Ask:
    """With a cent of tax that Tryton rounds otherwise."""
    buyer = Buyer(f"PO-{uuid4().hex}")
    ordered = await roles.erp.order_goods(buyer.order, key=f"{buyer.number}/order")
    bill = buyer.bill(ordered, tax=371_74)
    return lambda roles: roles.erp.post_bill(bill, key=f"{buyer.number}/bill")


BUYING = [order_goods, cancel_purchase, receive_goods, post_bill]
EFFECTS = [book, cancel, invoice, credit, release, cancel_release, *BUYING]


@pytest.mark.parametrize("prepare", EFFECTS, ids=lambda each: each.__name__)
async def test_a_copy_that_is_overtaken_at_any_moment_comes_to_the_same_end(
    prepare: Prepare, tryton_server: Tryton
) -> None:
    async with httpx2.AsyncHTTPTransport(trust_env=False) as network, connected(tryton_server, network) as other:
        undisturbed = Overtaken(network, 0, _nobody)
        async with connected(tryton_server, undisturbed) as one:
            await (await prepare(other))(one)
        for at in stops(undisturbed.calls):
            ask = await prepare(other)
            ends: list[Effect] = []

            async def first(ask: Ask = ask, ends: list[Effect] = ends) -> None:
                ends.append(await ask(other))

            async with connected(tryton_server, Overtaken(network, at, first)) as one:
                ends.append(await ask(one))
            assert len(ends) == 2
            assert ends[0] == ends[1], f"overtaken before call {at}"


@pytest.mark.parametrize("prepare", BUYING, ids=lambda each: each.__name__)
async def test_what_was_cut_off_at_any_moment_is_brought_to_its_end_by_a_repetition(
    prepare: Prepare, tryton_server: Tryton
) -> None:
    """As by a worker that is killed: nothing of what it knew is left, and its last call may have landed."""
    async with httpx2.AsyncHTTPTransport(trust_env=False) as network, connected(tryton_server, network) as other:
        undisturbed = Overtaken(network, 0, _nobody)
        async with connected(tryton_server, undisturbed) as one:
            await (await prepare(other))(one)
        for at in stops(undisturbed.calls)[1:]:
            ask = await prepare(other)
            async with connected(tryton_server, Overtaken(network, at, _killed)) as one:
                with pytest.raises(Killed):
                    await ask(one)

            ends = [await ask(other), await ask(other)]

            assert ends[0] == ends[1], f"cut off before call {at}"


class Killed(BaseException):
    pass


async def _killed() -> None:
    raise Killed


async def _nobody() -> None:
    raise AssertionError("nobody is waited for")


def stops(calls: int) -> list[int]:
    """The first call, the last one, and some in between."""
    assert calls > 2
    return sorted({1 + number * (calls - 1) // (STOPS - 1) for number in range(STOPS)})


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A Tryton that leaves what may wait to a worker, and there is none."""
    with tryton(tmp_path_factory.mktemp("queued"), queued=True) as server:
        yield server


@pytest.mark.parametrize("prepare", EFFECTS, ids=lambda each: each.__name__)
async def test_what_tryton_has_queued_is_not_waited_for(prepare: Prepare, queued: Tryton) -> None:
    async with httpx2.AsyncHTTPTransport(trust_env=False) as network, connected(queued, network) as roles:
        ask = await prepare(roles)

        done = await ask(roles)

        assert await ask(roles) == done
