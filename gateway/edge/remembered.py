"""Answers that may be a few seconds old: bounded, and asked for once however many wait for them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Answer]):
    asked_at: datetime
    answer: Answer


class Remembered(Generic[Answer]):
    """Asks again when the last answer was asked for *seconds* ago or longer; a failure is not remembered."""

    def __init__(self, ask: Callable[[str], Awaitable[Answer]], *, seconds: float, capacity: int = 4096) -> None:
        self._ask = ask
        self._age = timedelta(seconds=seconds)
        self._capacity = capacity
        self._entries: OrderedDict[str, _Entry[Answer]] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Answer]] = {}

    async def get(self, key: str, *, now: datetime) -> Answer:
        entry = self._entries.get(key)
        if entry is not None and timedelta(0) <= now - entry.asked_at < self._age:
            return entry.answer
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fetch(key, now))
            flight.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(flight)  # who gives up must not take the answer away from the others

    async def _fetch(self, key: str, now: datetime) -> Answer:
        answer = await self._ask(key)
        self._entries[key] = _Entry(now, answer)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return answer

    def _land(self, key: str, flight: asyncio.Task[Answer]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # everybody who asked may have gone: then nobody else looks at it
