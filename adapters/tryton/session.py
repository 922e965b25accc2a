"""The way into Tryton: logged in once, again when the session is over, and never twice with a password it refused."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Failed

REFUSED_FOR = 300.0  # seconds: each refused log-in makes Tryton slower for the next, also for good ones, for weeks


@dataclass(frozen=True, slots=True)
class Session:
    header: str
    context: Mapping[str, Any]  # whom Tryton takes us for: company, groups, language


class Door:
    """Where sessions are had; whoever comes together comes in by the same one."""

    def __init__(self, log_in: Callable[[], Awaitable[Session | None]], *, ticks: Callable[[], float]) -> None:
        self._log_in = log_in  # None: the password is wrong
        self._ticks = ticks
        self._alone = asyncio.Lock()
        self._session: Session | None = None
        self._closed_until = float("-inf")

    async def session(self) -> Session:
        return self._session or await self.renewed(None)

    async def renewed(self, old: Session | None) -> Session:
        """Another one than *old*, which is over."""
        async with self._alone:
            if self._session is not None and self._session is not old:
                return self._session  # somebody else has been faster
            if self._ticks() < self._closed_until:
                raise Failed("Tryton refused our password; it is not asked again for now")
            self._session = await self._log_in()
            if self._session is None:
                self._closed_until = self._ticks() + REFUSED_FOR
                raise Failed("Tryton refused our password")
            return self._session


def header(user: str, number: int, token: str) -> str:
    return f"Session {b64encode(f'{user}:{number}:{token}'.encode()).decode()}"
