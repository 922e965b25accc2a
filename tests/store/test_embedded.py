"""The embedded PostgreSQL: shared, stopped with its last user, and mended whatever was killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from gateway.store.cluster import Cluster
from gateway.store.embedded import acquire
from gateway.store.locks import is_held, take

ROOT = Path(__file__).resolve().parents[2]
USER = """
import sys
from pathlib import Path
from gateway.store.embedded import acquire
share = acquire(Path(sys.argv[1]), durable=False)
print(share.url, flush=True)
sys.stdin.read()
"""


class User:
    """Another process that uses the server of a folder."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> str:
        """What it complained of."""
        return self.process.communicate(timeout=30)[1]

    def kill(self) -> None:
        self.process.kill()
        self.leave()


@pytest.fixture
def files(home: Path) -> Cluster:
    return Cluster(home / "postgres")


def born(url: str) -> object:
    """When the server behind the address started: tells one from the next."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("select pg_postmaster_start_time()").fetchone()
    return row[0] if row else None


def stops(files: Cluster) -> bool:
    lock = take(files.server_lock, within=15)
    if lock is not None:
        os.close(lock)
    return lock is not None


def postmaster(files: Cluster) -> int:
    return int(files.pid_file.read_text().split()[0])


def guardian(files: Cluster) -> int:
    """The process that holds the guardian's lock, as the kernel tells it: the only one that has this command line."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cmdline").read_bytes().split(b"\0")[2:4] == [
                b"gateway.store.guardian",
                str(files.folder).encode(),
            ]:
                return int(process.name)
    raise AssertionError("there is no guardian")


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if holds():
                return True
        time.sleep(0.02)
    return False


@contextmanager
def listening(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


def test_two_processes_share_one_server_that_stops_with_the_last(home: Path, files: Cluster) -> None:
    first, second = User(home), User(home)
    url, same = first.url(), second.url()
    begun = born(url)

    first.leave()
    survived = born(same)
    second.leave()

    assert (url, begun) == (same, survived)
    assert stops(files)


def test_the_server_stops_when_its_last_user_is_killed(home: Path, files: Cluster) -> None:
    user = User(home)
    begun = born(user.url())

    user.kill()

    assert begun
    assert stops(files)


@pytest.mark.proof
def test_processes_that_make_the_folder_at_once_make_one_server(home: Path) -> None:
    users = [User(home) for _ in range(3)]
    urls = [user.url() for user in users]

    assert len({born(url) for url in urls}) == 1
    assert [user.leave() for user in users] == ["", "", ""]


@pytest.mark.proof
def test_whoever_comes_while_the_server_stops_gets_a_server(home: Path) -> None:
    answers = []
    for _ in range(5):
        with acquire(home, durable=False) as server:
            answers.append(born(server.url) is not None)

    assert answers == [True] * 5


@pytest.mark.proof
def test_a_child_process_does_not_keep_the_server(home: Path, files: Cluster) -> None:
    server = acquire(home, durable=False)
    child = subprocess.Popen(["/bin/sleep", "60"], close_fds=False)

    server.release()
    stopped = stops(files)
    child.kill()
    child.wait()

    assert stopped


@pytest.mark.proof
def test_a_pid_file_left_behind_is_not_believed(home: Path, files: Cluster) -> None:
    with acquire(home, durable=False):
        left = files.pid_file.read_text().splitlines()
    assert stops(files)
    assert eventually(lambda: not is_held(files.guardian_lock))
    files.pid_file.write_text("\n".join([str(os.getpid()), *left[1:]]) + "\n")  # the number lives again

    with acquire(home, durable=False) as server:
        assert born(server.url)


@pytest.mark.proof
def test_after_everything_was_killed_the_server_recovers(home: Path, files: Cluster) -> None:
    user = User(home)
    with psycopg.connect(user.url()) as connection:
        connection.execute("set synchronous_commit = on")
        connection.execute("create table kept (fact integer)")
    for process in (guardian(files), postmaster(files), user.process.pid):
        os.kill(process, signal.SIGKILL)
    user.leave()
    assert files.pid_file.exists()

    with acquire(home, durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


@pytest.mark.proof
def test_a_server_that_lost_its_guardian_is_adopted(home: Path, files: Cluster) -> None:
    user = User(home)
    begun = born(user.url())
    os.kill(guardian(files), signal.SIGKILL)
    assert eventually(lambda: not is_held(files.guardian_lock))

    with acquire(home, durable=False) as server:
        user.leave()
        adopted = born(server.url)

    assert adopted == begun
    assert stops(files)


@pytest.mark.proof
def test_a_guardian_told_to_end_stops_the_server_and_the_next_user_starts_it(home: Path, files: Cluster) -> None:
    with acquire(home, durable=False):
        os.kill(guardian(files), signal.SIGTERM)
        stopped = stops(files)

        with acquire(home, durable=False) as server:
            assert stopped
            assert born(server.url)


def test_a_killed_server_comes_back_on_its_port_while_it_is_used(home: Path, files: Cluster) -> None:
    with acquire(home, durable=False) as server:
        url, begun = server.url, born(server.url)

        os.kill(postmaster(files), signal.SIGKILL)

        assert eventually(lambda: born(url) != begun)
        assert server.url == url


@pytest.mark.proof
def test_a_busy_port_is_left_to_its_owner(home: Path, files: Cluster) -> None:
    with acquire(home, durable=False) as server:
        former = server.url
    assert stops(files)

    with listening(files.port() or 0), acquire(home, durable=False) as server:
        assert server.url != former
        assert born(server.url)


@pytest.mark.proof
def test_a_half_made_folder_is_made_again(home: Path, files: Cluster) -> None:
    half = files.folder / "data.new-x1"
    (half / "base").mkdir(parents=True)
    (files.folder / "password").write_text("of a former try\n")

    with acquire(home, durable=False) as server:
        assert born(server.url)
    assert not half.exists()
