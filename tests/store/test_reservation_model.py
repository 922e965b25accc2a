"""Whoever reserves, releases, extends and consumes in whatever order: nothing is promised twice, nothing is lost."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.context import Answer
from gateway.resources.inventory.changing import CONSUME, EXTEND, Change
from gateway.store.pool import Database
from tests.store.counter import UNHURRIED, Books, Counter, Json, open_books
from tests.store.reservation_trade import Operations, Trade

SHARES = 8  # each with tables of its own: what is looked through grows with the examples
QUICK = settings(UNHURRIED, max_examples=40, stateful_step_count=5)


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    with open_books(database_url) as opened:
        opened.sql("insert into node (node_id, type, name, source_id) values ('far', 'dc', 'Far', 'wms')")
        yield opened


def test_nothing_is_promised_twice_and_nothing_is_lost(books: Books) -> None:
    live(books, Operations(), QUICK)


@pytest.mark.parametrize("share", range(SHARES), ids=str)
@pytest.mark.proof
def test_nothing_is_promised_twice_and_nothing_is_lost_in_ten_thousand_examples(books: Books, share: int) -> None:
    live(books, Operations(), settings(QUICK, max_examples=10_000 // SHARES))


def live(books: Books, operations: Operations, how: settings) -> None:
    run_state_machine_as_test(lambda: Trade(books, operations), settings=how)  # type: ignore[arg-type]


async def the_end_of_its_head_moves(
    counter: Counter, how: Change, reservation_id: str, body: Json, key: str
) -> Answer | str:
    answer = await counter.change(how, reservation_id, body, key)
    if how is EXTEND:
        await counter.sql("update reservation_line set expires_at = expires_at - interval '1 hour'")
    return answer


async def what_leaves_is_free(counter: Counter, how: Change, reservation_id: str, body: Json, key: str) -> Answer | str:
    answer = await counter.change(how, reservation_id, body, key)
    if how is CONSUME:
        await counter.sql(
            "with freed as (delete from stock_outflow returning sku, node_id, quantity)"
            " update stock_position p set reserved = reserved - f.quantity from freed f"
            " where (p.sku, p.node_id) = (f.sku, f.node_id) and p.reserved >= f.quantity"
        )
    return answer


async def nothing_absorbs(counter: Counter, how: Change, reservation_id: str, body: Json, key: str) -> Answer | str:
    return await counter.change(Change(how.name, how.make, frozenset()), reservation_id, body, key)


async def tidying_gives_nothing_back(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            "update reservation_line set released = released + open where expires_at <= clock_timestamp() and open > 0"
        )


async def a_part_is_always_welcome(counter: Counter, body: Json, key: str) -> Answer | str:
    return await counter.reserve({**body, "on_short": "partial"}, key)


@pytest.mark.proof
@pytest.mark.parametrize(
    "mistaken",
    [
        pytest.param(Operations(change=the_end_of_its_head_moves), id="only the end of its head moves"),
        pytest.param(Operations(change=what_leaves_is_free), id="what leaves is free"),
        pytest.param(Operations(change=nothing_absorbs), id="nothing absorbs"),
        pytest.param(Operations(tidy=tidying_gives_nothing_back), id="tidying gives nothing back"),
        pytest.param(Operations(reserve=a_part_is_always_welcome), id="a part is always welcome"),
    ],
)
def test_the_model_notices_a_mistake(books: Books, mistaken: Operations) -> None:
    found_once = settings(
        QUICK, max_examples=600, phases=(Phase.generate,), derandomize=True, report_multiple_bugs=False
    )

    with pytest.raises(AssertionError):
        live(books, mistaken, found_once)
