"""Look-ups asked together: who asks while an answer is under way is part of the next question."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from gateway.errors import Unavailable

Key = TypeVar("Key")
Answer = TypeVar("Answer")

_MOST = 64  # keys in one question
_PATIENCE = 5.0  # seconds; look-ups by primary key that take longer will never come


class Gathered(Generic[Key, Answer]):
    """One question to the database at a time, for all who have asked meanwhile: the busier, the cheaper. Nobody gets an
    answer to a question that was sent before it asked."""

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Answer]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[Key, asyncio.Future[Answer | None]]] = []
        self._flight: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Answer | None:
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly())
        return await answer

    async def _fly(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._answer(asked)
        finally:
            self._flight = None

    async def _answer(self, asked: Sequence[tuple[Key, asyncio.Future[Answer | None]]]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._ask([key for key, _ in asked])
        except Exception as error:
            _refuse(asked, error)
            _refuse(self._waiting, error)  # they have waited for this already, and would wait for the same again
            self._waiting = []
        else:
            for key, answer in asked:
                if not answer.done():  # who gave up is gone
                    answer.set_result(found.get(key))


def _refuse(asked: Sequence[tuple[Key, asyncio.Future[Answer | None]]], error: Exception) -> None:
    for _, answer in asked:
        if not answer.done():
            answer.set_exception(
                Unavailable("the database took too long") if isinstance(error, TimeoutError) else error
            )
