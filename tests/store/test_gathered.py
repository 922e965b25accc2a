"""Look-ups asked together are answered each by itself, and never from before they were asked."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.errors import Unavailable
from gateway.store.gathered import Gathered


class Book:
    """Answers when it is told to; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.values = {number: f"value {number}" for number in range(100)}
        self.opened = asyncio.Semaphore(0)
        self.fails: Exception | None = None
        self.look_up = Gathered(self._answer)

    async def _answer(self, keys: Sequence[int]) -> dict[int, str]:
        self.asked.append(list(keys))
        found = {key: self.values[key] for key in keys if key in self.values}
        await self.opened.acquire()
        if self.fails:
            raise self.fails
        return found

    async def ask(self, key: int) -> asyncio.Task[str | None]:
        """A question under way."""
        task = asyncio.create_task(self.look_up.get(key))
        for _ in range(3):
            await asyncio.sleep(0)
        return task


async def test_who_asks_meanwhile_is_part_of_the_next_question() -> None:
    book = Book()

    tasks = [await book.ask(key) for key in (1, 2, 3, 2, 1000)]
    for _ in range(2):
        book.opened.release()

    assert [await task for task in tasks] == ["value 1", "value 2", "value 3", "value 2", None]
    assert book.asked == [[1], [2, 3, 2, 1000]]


async def test_nobody_is_answered_from_before_it_asked() -> None:
    book = Book()
    first = await book.ask(1)
    book.values[1] = "changed"

    second = await book.ask(1)
    for _ in range(2):
        book.opened.release()

    assert (await first, await second) == ("value 1", "changed")


async def test_one_question_is_not_longer_than_the_bound() -> None:
    book = Book()
    tasks = [asyncio.create_task(book.look_up.get(key % 100)) for key in range(150)]

    for _ in range(3):
        book.opened.release()
    await asyncio.gather(*tasks)

    assert [len(keys) for keys in book.asked] == [64, 64, 22]


async def test_a_failure_is_told_to_all_who_wait_and_the_next_one_asks_again() -> None:
    book = Book()
    tasks = [await book.ask(key) for key in (1, 2)]
    book.fails = Unavailable("the database is away")
    book.opened.release()

    for task in tasks:
        with pytest.raises(Unavailable):
            await task
    book.fails = None
    book.opened.release()

    assert await (await book.ask(3)) == "value 3"
    assert book.asked == [[1], [3]]


async def test_who_gives_up_takes_nothing_away_from_the_others() -> None:
    book = Book()
    mine, yours = [asyncio.create_task(book.look_up.get(key)) for key in (1, 2)]
    await asyncio.sleep(0)

    mine.cancel()
    book.opened.release()

    assert await yours == "value 2"
    assert mine.cancelled() or (await asyncio.wait([mine]) and mine.cancelled())
