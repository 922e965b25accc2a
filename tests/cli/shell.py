"""A shell beside the open gate: commands as an operator types them, on the gate's database and key."""

import asyncio
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from typer.testing import CliRunner

from gateway.cli import app
from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Shell:
    environment: Mapping[str, str]

    async def __call__(self, line: str, *, given: str | None = None) -> Said:
        """What `omnigate LINE` says, with *given* on its standard input."""
        return await asyncio.to_thread(self.run, line, given=given)

    def run(self, line: str, *, given: str | None = None) -> Said:
        result = CliRunner().invoke(app, shlex.split(line), input=given, env=self.environment)
        if isinstance(result.exception, GatewayError):
            return Said(result.exit_code, f"omnigate: {result.exception.detail}")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Said(result.exit_code, result.output)
