"""What we share with back ends that call us: `whsec_…`, a new one first; an older one works until its moment."""

import base64
import re
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

from gateway.domain.time import rfc3339
from gateway.refusals import Invalid, NotFound
from gateway.store.audit import Act
from gateway.store.secrets import Secrets

PREFIX = "callback:"
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_STANDARD = r"whsec_[A-Za-z0-9+/]{32,86}={0,2}"  # 24 to 64 bytes in base64


def named(system: str) -> str | None:
    """Under which name the secrets of *system* are kept; None for what cannot be a system's name."""
    return f"{PREFIX}{system}" if _SYSTEM.fullmatch(system) else None


def new_callback_secret() -> bytes:
    """As Standard Webhooks 1.0.0 writes it: 32 random bytes."""
    return b"whsec_" + base64.b64encode(token_bytes(32))


def live(kept: bytes | None, now: datetime) -> list[str]:
    """Those that a callback may be signed with now, the newest first."""
    return [text for text, until in _parts(kept) if until is None or now < until]


def overlap_until(kept: bytes | None, now: datetime) -> datetime | None:
    """When the older secret stops working, if one still works."""
    return max((until for _, until in _parts(kept) if until is not None and now < until), default=None)


async def replace(
    secrets: Secrets, system: str, new: bytes, act: Act, *, overlap: timedelta, form: str | None = None
) -> None:
    """From now on *new*, and until *overlap* is over the one before as well; an older one yet is void.

    *form*: how secrets look of a system that has a manner of its own.
    """
    if not re.fullmatch(form or _STANDARD, new.decode("ascii", "replace")):
        standard = "'whsec_' and 24 to 64 bytes in base64, as Standard Webhooks 1.0.0 writes it"
        raise Invalid(f"a callback secret of '{system}' is {form or standard}")
    until = act.at + overlap

    def change(kept: bytes | None) -> tuple[bytes, dict[str, str]]:
        before = live(kept, act.at) if overlap else []
        older = f" {before[0]}@{int(until.timestamp())}" if before and before[0] != new.decode() else ""
        return new + older.encode(), {"overlap_until": rfc3339(until)} if older else {}

    await secrets.alter(_name(system), change, act=act, action="callbacks:rotate-secret")


async def show(secrets: Secrets, system: str, act: Act) -> list[str]:
    """The secrets that work, newest first; that they were shown stays in the audit."""
    shown: list[str] = []

    def look(kept: bytes | None) -> tuple[bytes, dict[str, str]]:
        shown.extend(live(kept, act.at))
        if kept is None:
            raise NotFound(f"no secret is shared with '{system}'")
        return kept, {}

    await secrets.alter(_name(system), look, act=act, action="callbacks:show-secret")
    return shown


async def systems(secrets: Secrets, now: datetime) -> list[tuple[str, datetime | None]]:
    """Who shares a secret with us, and until when an older one works."""
    names = await secrets.names(PREFIX)
    return [(name.removeprefix(PREFIX), overlap_until(await secrets.get(name), now)) for name in names]


def _name(system: str) -> str:
    if (name := named(system)) is None:
        raise Invalid(f"'{system}' cannot be a system's name: a-z, 0-9, '-' and '_', like 'wms'")
    return name


def _parts(kept: bytes | None) -> list[tuple[str, datetime | None]]:
    """Kept in a row, the newest first; one that stops working has the moment behind it: `whsec_…@1795430000`."""
    words = (word.partition("@") for word in (kept or b"").decode().split())
    return [(text, datetime.fromtimestamp(int(until), UTC) if until else None) for text, _, until in words]
