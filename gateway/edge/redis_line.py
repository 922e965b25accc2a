"""
One line to Redis for many callers: what is asked while an answer is under way goes out together, right after it.

Nobody waits for a Redis that does not answer, but for those who find out: then the line is down for everybody at once,
and it is this file's own affair to try again, in the background, until a script has run.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError

from gateway.errors import Misconfigured

PATIENCE = 0.04  # seconds for an answer, from when it was asked for
PAUSE = 0.25  # seconds between two attempts to get through
_GREETING = 1.0  # seconds to connect, be let in and run the script once; nobody waits for that
_TURNS = 4  # of the loop: one that was late itself looks at what has arrived before it gives up
_MOST = 256  # scripts in one go
_IDLE = 5.0  # seconds without a call, after which the line is tried: better now than by a request

Words = Sequence[str | int | float]  # number of keys, keys, arguments
Asked = tuple[Words, "asyncio.Future[Any]"]

log = structlog.get_logger("omnigate.redis")


class Away(Exception):
    """Redis gave no answer; whether the script has run is not known."""


class RedisLine:
    """Runs one script in Redis. Opened and closed with the process; down until it is opened."""

    def __init__(self, url: str, *, script: str, trial: Words, patience: float = PATIENCE) -> None:
        self._connection, self.address = _read(url)  # the address is without the secrets of the URL
        self._script = script
        self._digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._trial = trial
        self._patience = patience
        self._up: bool | None = None
        self._tried, self._wanted = asyncio.Event(), asyncio.Event()
        self._asked: deque[Asked] = deque()
        self._life: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Returns after the first attempt, whatever came of it."""
        self._life = asyncio.create_task(self._live())
        await self._tried.wait()

    async def close(self) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        await self._hang_up()

    async def run(self, *words: str | float) -> Any:
        """The script's answer. Raises `Away`, at once while the line is known to be down."""
        if not self._up:
            raise Away
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked.append((words, answer))
        self._wanted.set()
        return await answer

    async def _live(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            begun = clock()
            try:
                await self._get_through()
                while True:
                    await self._until_wanted()
                    await self._exchange()
            except Exception as error:  # whatever a store may do or say, this goes on
                self._note(up=False, error=type(error).__name__)
            await self._hang_up()
            await asyncio.sleep(max(0.0, begun + PAUSE - clock()))

    async def _get_through(self) -> None:
        async with asyncio.timeout(max(_GREETING, self._patience)):
            await self._connection.connect()
            await self._load()
            await self._say([self._trial])  # a reader or a full store would answer a mere ping
        self._note(up=True)

    async def _until_wanted(self) -> None:
        while not self._wanted.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE):
                    await self._wanted.wait()
                    return
            async with _in_time(self._patience):
                await self._say([self._trial])

    async def _exchange(self) -> None:
        asked = [self._asked.popleft() for _ in range(min(len(self._asked), _MOST))]
        if not self._asked:
            self._wanted.clear()
        try:
            async with _in_time(self._patience):
                answers = await self._say([words for words, _ in asked])
        except BaseException:
            self._asked.extendleft(asked)  # whoever hangs up tells them
            raise
        for (_, future), answer in zip(asked, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _say(self, calls: Sequence[Words]) -> list[Any]:
        """The answers, in order. A Redis that was restarted has forgotten the script: it is told again, once."""
        answers = await self._send(calls)
        forgotten = [number for number, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if forgotten:
            await self._load()
            again = await self._send([calls[number] for number in forgotten])
            answers = [again.pop(0) if isinstance(answer, NoScriptError) else answer for answer in answers]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _send(self, calls: Sequence[Words]) -> list[Any]:
        commands = [("EVALSHA", self._digest, *words) for words in calls]
        await self._connection.send_packed_command(self._connection.pack_commands(commands))
        return [await self._answer() for _ in calls]

    async def _answer(self) -> Any:
        try:
            return await self._connection.read_response()
        except NoScriptError as error:
            return error

    async def _load(self) -> None:
        await self._connection.send_command("SCRIPT", "LOAD", self._script)
        await self._connection.read_response()

    async def _hang_up(self) -> None:
        while self._asked:
            _, answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(Away())
        self._wanted.clear()
        with suppress(Exception):
            await self._connection.disconnect(nowait=True)

    def _note(self, *, up: bool, **why: str) -> None:
        if up != self._up:
            told = log.info if up else log.warning
            told("redis_present" if up else "redis_away", address=self.address, **why)
        self._up = up
        self._tried.set()


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    """`asyncio.timeout`, but for time that the loop itself was late."""
    loop = asyncio.get_running_loop()

    def overdue(turns: int) -> None:
        if turns:
            timers[0] = loop.call_soon(overdue, turns - 1)
        else:
            limit.reschedule(loop.time())

    async with asyncio.timeout(None) as limit:
        timers: list[asyncio.Handle] = [loop.call_later(seconds, overdue, _TURNS)]
        try:
            yield
        finally:
            timers[0].cancel()


def _read(url: str) -> tuple[AbstractConnection, str]:
    """The connection, not yet made, and where it leads. Raises `Misconfigured` without a word of the URL: it may
    hold a password."""
    try:
        told: dict[str, Any] = dict(parse_url(url))
        kind: type[AbstractConnection] = told.pop("connection_class", Connection)
        ours = {"protocol": 2, "driver_info": None, "socket_timeout": None, "socket_connect_timeout": _GREETING}
        connection = kind(**{**told, **ours, "retry": Retry(NoBackoff(), 0)})
    except (ValueError, TypeError):
        raise Misconfigured(
            "REDIS_URL is no address of a Redis; write redis://[[user]:password@]host[:port][/database],"
            " rediss://… for TLS, or unix:///path"
        ) from None
    return connection, told.get("path") or f"{told.get('host', 'localhost')}:{told.get('port', 6379)}"
