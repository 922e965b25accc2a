"""A guide's commands, as a reader would type them: every block of shell, in order, in one shell."""

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMISE = re.compile(r"^\*\*(\d{3}) `(\w+)`\*\*", re.MULTILINE)
_OAUTH = r'"error": ?"invalid_client"'  # RFC 6749, 5.2: not a problem document
_WITHIN = 120.0  # seconds for one block


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, and the refusal that the words before them promise."""

    commands: str
    status: int | None = None
    code: str | None = None


def blocks(page: Path) -> Iterator[Block]:
    text, end = page.read_text(), 0
    for found in _BLOCK.finditer(text):
        promised = _PROMISE.findall(text[end : found.start()])
        status, code = promised[-1] if promised else (None, None)
        yield Block(found[1], int(status) if status else None, code)
        end = found.end()


def amiss(block: Block, printed: str) -> str | None:
    """A refusal must show its status and code; other commands must not be refused, nor fail in the shell."""
    if block.code is not None:
        told = _OAUTH if block.code == "invalid_client" else rf'"status":{block.status}[,}}].*"code":"{block.code}"'
        return None if re.search(told, printed) else f"{block.code}: {printed[-400:]}"
    failed = re.search(r'"status":[45]\d\d|^bash: |^curl: |Traceback', printed, re.MULTILINE)
    return f"{block.commands[:80]}: {printed[-400:]}" if failed else None


class Shell:
    """One bash in an empty folder; what a block sets, the next one finds."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running

    @classmethod
    async def open(cls, folder: Path, environment: Mapping[str, str]) -> "Shell":
        running = await asyncio.create_subprocess_exec(
            *("bash", "--norc", "-u"),
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 26,
            start_new_session=True,
        )
        return cls(running)

    async def type(self, commands: str) -> str:
        """What the commands print. Raises when the shell has ended or they do not."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(f"{commands}\nprintf '\\n%s\\n' '{_END}'\n".encode())
        async with asyncio.timeout(_WITHIN):
            printed = await self._running.stdout.readuntil(f"\n{_END}\n".encode())
        return printed.decode().removesuffix(f"\n{_END}\n")

    async def close(self) -> None:
        assert self._running.stdin is not None
        self._running.stdin.close()
        async with asyncio.timeout(_WITHIN):
            await self._running.wait()

    async def end(self) -> None:
        """With all that it has started and not ended."""
        with suppress(ProcessLookupError):
            os.killpg(self._running.pid, SIGKILL)
        await self._running.wait()


_END = "--- end of block ---"
