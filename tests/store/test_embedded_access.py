"""Who may reach the embedded PostgreSQL, as whom it runs, and what it says when it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from gateway.errors import Unavailable
from gateway.store.cluster import Cluster, create
from gateway.store.embedded import Embedded, acquire

ROOT = Path(__file__).resolve().parents[2]
OWNER_OF_THE_SERVER = """
import sys
from pathlib import Path
from gateway.errors import Unavailable
from gateway.store.embedded import acquire
try:
    with acquire(Path(sys.argv[1]), durable=False) as server:
        print((server.cluster.data / "postmaster.pid").owner())
except Unavailable as error:
    print(error)
"""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")


def told_without_user_namespaces(home: Path) -> str:
    """What a process says that finds no `unshare`."""
    command = [sys.executable, "-c", OWNER_OF_THE_SERVER, str(home)]
    return subprocess.check_output(command, cwd=ROOT, env={"PATH": "/nowhere"}, text=True)


def made(home: Path) -> Cluster:
    """A cluster that nobody serves yet."""
    files = Cluster(home / "postgres")
    files.folder.mkdir(mode=0o700)
    create(files, durable=False)
    return files


@pytest.mark.parametrize("who", ["omnigate:@", "omnigate:guess@", "postgres:@", "postgres:guess@"])
def test_nobody_gets_in_without_the_password(cluster: Embedded, who: str) -> None:
    address = cluster.url.split("@")[1]

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://{who}{address}")


def test_only_we_can_read_the_password(cluster: Embedded) -> None:
    folder = cluster.cluster.folder

    assert oct((folder / "password").stat().st_mode)[-3:] == "600"
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert (folder / "password").read_text().strip() in cluster.url


def test_our_role_is_no_superuser(cluster: Embedded) -> None:
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute("select current_setting('is_superuser')").fetchone() == ("off",)


def test_a_durable_server_listens_here_only_and_syncs(home: Path) -> None:
    names = ["fsync", "synchronous_commit", "listen_addresses", "unix_socket_directories", "max_connections"]
    names += ["autovacuum_naptime", "password_encryption"]

    with acquire(home) as server, psycopg.connect(server.url) as connection:
        rows = [connection.execute("select current_setting(%s)", [name]).fetchone() for name in names]

    assert [row[0] for row in rows if row] == ["on", "on", "127.0.0.1", "", "200", "10s", "scram-sha-256"]


@root_only
@pytest.mark.proof
def test_root_is_served_by_an_account_that_exists_where_user_namespaces_are_forbidden(home: Path) -> None:
    assert told_without_user_namespaces(home).strip() in {"postgres", "nobody"}


@root_only
def test_a_folder_that_the_account_cannot_reach_is_not_opened_to_it(home: Path) -> None:
    home.chmod(0o700)

    assert "cannot reach" in told_without_user_namespaces(home)
    assert oct(home.stat().st_mode)[-3:] == "700"


def test_what_is_no_whole_cluster_is_neither_served_nor_removed(home: Path) -> None:
    (base := home / "postgres" / "data" / "base").mkdir(parents=True)

    with pytest.raises(Unavailable, match="no whole PostgreSQL cluster"):
        acquire(home)
    assert base.exists()


@pytest.mark.proof
def test_a_cluster_without_its_password_is_not_made_anew(home: Path) -> None:
    made(home)
    (home / "postgres" / "password").unlink()

    with pytest.raises(Unavailable, match="password"):
        acquire(home)


@pytest.mark.proof
def test_a_server_that_cannot_start_tells_where_to_read_why(home: Path) -> None:
    files = made(home)
    (files.data / "postgresql.conf").write_text("nonsense = on\n")

    with pytest.raises(Unavailable, match=str(files.log)):
        acquire(home)
    assert "nonsense" in files.log.read_text()


def test_a_folder_that_cannot_be_made_is_named(home: Path) -> None:
    (home / "file").write_text("")

    with pytest.raises(Unavailable, match=str(home)):
        acquire(home / "file")
