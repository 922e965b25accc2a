"""A PostgreSQL of the proof's own: durable, on one port, stopped and started at will, with nobody who restarts it."""

import subprocess
from pathlib import Path
from signal import SIGQUIT

import psycopg

from gateway.store.cluster import HOST, NAME, Cluster, create, program
from gateway.store.unprivileged import disguise
from tests.proof.processes import free_port, until


class Server:
    """The programs and files are those of the embedded one; its guardian is not."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.cluster = Cluster(folder)
        create(self.cluster, durable=True)
        self.port = free_port()
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}:{self.cluster.password()}@{HOST}:{self.port}/{NAME}"

    @property
    def pid(self) -> int:
        """Of the postmaster, or of who started it under another account."""
        assert self._running is not None, "it is stopped"
        return self._running.pid

    async def start(self) -> None:
        how = disguise(self.cluster.data)
        options = ("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=", "-c", "max_connections=100")
        command = [*how.prefix, program("postgres"), "-D", str(self.cluster.data), "-p", str(self.port), *options]
        with self.cluster.log.open("ab") as log:
            self._running = subprocess.Popen(
                command,
                cwd=self.cluster.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **how.keywords,
            )
        await until(self._answers, what="PostgreSQL answers", within=60)

    async def revive(self) -> None:
        """What a supervisor does: it is started again if it has ended, also while it recovers."""

        async def well() -> bool:
            assert self._running is not None, "it was stopped on purpose"
            if self._running.poll() is not None:
                await self.start()
            return await self._answers()

        await until(well, what="PostgreSQL answers again", within=120, pause=0.2)

    async def _answers(self) -> bool:
        try:
            await (await psycopg.AsyncConnection.connect(self.url, connect_timeout=2)).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """At once, as after a power cut: connections break, and the next start has to recover."""
        if self._running is not None:
            self._running.send_signal(SIGQUIT)
            self._running.wait(30)
            self._running = None


def family(pid: int) -> list[int]:
    """A process and all below it, as far as they are there."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(each for child in below for each in family(int(child)))]
