"""Secrets in the database, encrypted with a key that is not in it: signing keys, callback and page-token secrets."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from gateway.errors import Misconfigured
from gateway.store.audit import Act, record_act
from gateway.store.pool import Database

Change = Callable[[bytes | None], tuple[bytes, Mapping[str, object]]]  # what is kept -> what to keep, and facts of it


_PUT = """
insert into secret (name, value) values (%s, %s)
    on conflict (name) do update set value = excluded.value, created_at = clock_timestamp()
"""


def cipher(*, key: str | None, home: Path, embedded: bool) -> Fernet:
    """From `OMNIGATE_SECRET_KEY`; else, for the embedded database only, from a file that the first start makes."""
    if key is None and not embedded:
        raise Misconfigured(
            "OMNIGATE_SECRET_KEY is missing: with DATABASE_URL every process must be given the same key"
        )
    try:
        return Fernet(key or _kept_in(home / "secret.key"))
    except ValueError:
        raise Misconfigured("the secret key is wrong: it must be 32 bytes in URL-safe base64") from None


def _kept_in(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(Fernet.generate_key())
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()


class Secrets:
    """Named secrets. What cannot be decrypted was written with another key: a mistake in the configuration."""

    def __init__(self, database: Database, fernet: Fernet) -> None:
        self._database = database
        self._fernet = fernet

    async def get(self, name: str) -> bytes | None:
        async with self._database.connection() as connection:
            row = await (await connection.execute("select value from secret where name = %s", [name])).fetchone()
        return self._decrypt(name, row[0]) if row else None

    async def put(self, name: str, value: bytes) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_PUT, [name, self._fernet.encrypt(value)])

    async def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name; when there is none, the first process to ask makes it for all."""
        if (kept := await self.get(name)) is not None:
            return kept
        async with self._database.connection() as connection:
            await connection.execute(
                "insert into secret (name, value) values (%s, %s) on conflict do nothing",
                [name, self._fernet.encrypt(make())],
            )
        made = await self.get(name)
        assert made is not None, "it was written a moment ago"
        return made

    async def alter(self, name: str, change: Change, *, act: Act, action: str) -> None:
        """Keep what *change* makes of the secret, together with the act's audit row; one such change at a time."""
        async with self._database.transaction() as connection:
            await connection.execute("lock table secret in share row exclusive mode")  # readers are not kept waiting
            row = await (await connection.execute("select value from secret where name = %s", [name])).fetchone()
            kept = self._decrypt(name, row[0]) if row else None
            value, facts = change(kept)
            if value != kept:
                await connection.execute(_PUT, [name, self._fernet.encrypt(value)])
            await record_act(connection, act, action, f"secret:{name}", facts)

    async def names(self, prefix: str) -> list[str]:
        async with self._database.connection() as connection:
            sql = "select name from secret where starts_with(name, %s) order by name"
            return [row[0] for row in await (await connection.execute(sql, [prefix])).fetchall()]

    def _decrypt(self, name: str, value: bytes) -> bytes:
        try:
            return self._fernet.decrypt(value)
        except InvalidToken:
            raise Misconfigured(f"the secret '{name}' was encrypted with another OMNIGATE_SECRET_KEY") from None
