"""PostgreSQL refuses to run as root: as whom it runs instead, without making an account."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import Unavailable

# Nothing of our own environment reaches PostgreSQL: no secrets, and no PG* variable that would change what it does.
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Disguise:
    """How a program of PostgreSQL has to be started: what stands before it, and keywords for `subprocess`."""

    prefix: tuple[str, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=lambda: {"env": _ENVIRONMENT})


def disguise(data: Path) -> Disguise:
    """Whoever owns the data runs the server: root's own is served from a user namespace."""
    owner = data.stat()
    if os.geteuid() != 0:
        return Disguise()
    if owner.st_uid == 0:
        return Disguise(prefix=_user_namespace())
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": [], "env": _ENVIRONMENT}
    return Disguise(keywords=as_owner)


def settle(folder: Path, data: Path, *, program: str) -> None:
    """Gives *folder* and *data* within it to an account that can run *program*, if nothing else can serve them."""
    if os.geteuid() != 0 or _namespaces_work():
        return
    account = _account()
    for path in (folder, data):
        os.chown(path, account.pw_uid, account.pw_gid)
    try:
        reach = ["/bin/sh", "-c", 'test -w "$1" && "$2" --version', "sh", str(data), program]
        subprocess.run(reach, check=True, capture_output=True, **disguise(data).keywords)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(
            f"root cannot run PostgreSQL, and the account '{account.pw_name}' cannot reach {folder} or {program}; "
            "keep both where everybody may pass, or run Omnigate under another account",
            folder=str(folder),
        ) from error


def _user_namespace() -> tuple[str, ...]:
    # initdb looks the user up, so the namespace borrows the number of an account that exists
    known = [account.pw_uid for account in pwd.getpwall() if account.pw_uid != 0]
    return (shutil.which("unshare") or "unshare", "-U", f"--map-user={known[0] if known else 1000}")


def _namespaces_work() -> bool:
    try:
        probe = subprocess.run([*_user_namespace(), "true"], capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return False
    return probe.returncode == 0


def _account() -> pwd.struct_passwd:
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable(
        "root cannot run PostgreSQL: user namespaces are forbidden here and there is no account "
        "'postgres' or 'nobody'; run Omnigate under another account or set DATABASE_URL"
    )
