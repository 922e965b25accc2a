"""Whoever is owed money, whatever becomes of it: no more goes back than was taken, and what is unknown is not free."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.domain.refunds import RefundState
from gateway.store import refunds
from gateway.store.pool import Connection
from gateway.store.refunds import Refund
from tests.store.counter import UNHURRIED, Books, open_books
from tests.store.refund_till import NOW, Operations, Till, as_it_is

SHARES = 4  # each with tables of its own
QUICK = settings(UNHURRIED, max_examples=25, stateful_step_count=12)


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    with open_books(database_url) as opened:
        yield opened


def live(books: Books, operations: Operations, how: settings) -> None:
    run_state_machine_as_test(lambda: Till(books, operations), settings=how)  # type: ignore[arg-type]


def test_no_more_goes_back_than_was_taken(books: Books) -> None:
    live(books, Operations(), QUICK)


@pytest.mark.parametrize("share", range(SHARES), ids=str)
@pytest.mark.proof
def test_no_more_goes_back_than_was_taken_in_two_thousand_examples(books: Books, share: int) -> None:
    live(books, Operations(), settings(QUICK, max_examples=2_000 // SHARES))


async def what_is_unknown_is_free(connection: Connection, refund: Refund, after: RefundState) -> None:
    await as_it_is(connection, refund, after)
    if after is RefundState.SUBMITTED:
        await connection.execute(
            "update payment set in_flight = in_flight - %s where order_id = %s", (refund.amount, refund.order_id)
        )


async def what_failed_late_is_free(connection: Connection, refund: Refund, after: RefundState) -> None:
    await as_it_is(connection, refund, after)
    if after is RefundState.LATE_FAILED:
        await connection.execute(
            "update payment set in_flight = in_flight - %s where order_id = %s", (refund.amount, refund.order_id)
        )


async def one_capture_pays_for_another(connection: Connection, refund: Refund) -> bool:
    """Its own capture counts for nothing, only all that was taken for the order."""
    await connection.execute("update fulfilment set amount = 1000 where order_id = %s", (refund.order_id,))
    return await refunds.reserve(connection, refund, memo_id=None, now=NOW)


@pytest.mark.parametrize(
    "mistaken",
    [
        pytest.param(Operations(stand=what_is_unknown_is_free), id="what is unknown is free"),
        pytest.param(Operations(stand=what_failed_late_is_free), id="what failed late is free"),
        pytest.param(Operations(reserve=one_capture_pays_for_another), id="one capture pays for another"),
    ],
)
def test_the_model_notices_a_mistake(books: Books, mistaken: Operations) -> None:
    found_once = settings(
        QUICK, max_examples=300, phases=(Phase.generate,), derandomize=True, report_multiple_bugs=False
    )

    with pytest.raises(AssertionError):
        live(books, mistaken, found_once)
