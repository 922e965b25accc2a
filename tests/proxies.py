"""HAProxy and nginx in front of an edge, from the files of the guides and Debian's packages, on free ports."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools import ROOT, tool

GUIDES = ROOT / "docs" / "guides"
HOST, PUBLIC = "127.0.0.1", "https://gateway.example"


@dataclass(frozen=True, slots=True)
class Door:
    """Where to knock, and how: without a context in the clear."""

    name: str
    port: int
    tls: ssl.SSLContext | None = None

    async def open(self, *, local: str = HOST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        named = {"server_hostname": HOST} if self.tls else {}
        return await asyncio.open_connection(HOST, self.port, ssl=self.tls, local_addr=(local, 0), **named)

    def open_deaf(self, *, local: str = HOST) -> socket.socket:
        """A connection with next to no room for an answer."""
        connecting = socket.socket()
        try:
            connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connecting.bind((local, 0))
            connecting.settimeout(20)
            connecting.connect((HOST, self.port))
            opened = self.tls.wrap_socket(connecting, server_hostname=HOST) if self.tls else connecting
            opened.setblocking(False)
        except BaseException:
            connecting.close()
            raise
        return opened


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's program with the guide's file, made ready in a folder of its own."""

    name: str
    command: Sequence[str]
    check: Sequence[str]
    environment: Mapping[str, str]
    port: int


def haproxy(folder: Path, edges: Sequence[int]) -> Proxy:
    program = tool("haproxy")
    port = free_port()
    file = str(GUIDES / "haproxy.cfg")
    told = {"BIND": f"{HOST}:{port}", "CERTIFICATE": str(certificate(folder)), "PUBLIC_URL": PUBLIC}
    told |= {f"EDGE_{number}": f"{HOST}:{edge}" for number, edge in enumerate(edges, 1)}
    environment = {**program.environment, **{f"OMNIGATE_{name}": value for name, value in told.items()}}
    return Proxy("haproxy", (program.path, "-db", "-f", file), (program.path, "-c", "-f", file), environment, port)


def nginx(folder: Path, edges: Sequence[int]) -> Proxy:
    program = tool("nginx")
    port = free_port()
    text = (GUIDES / "nginx.conf").read_text()
    server = "server 127.0.0.1:8080 "
    line = next(line for line in text.splitlines() if server in line)
    yours = {
        line: "\n".join(line.replace(server, f"server {HOST}:{edge} ") for edge in edges),
        "https://api.example": PUBLIC,
        "listen 443 ": f"listen {HOST}:{port} ",
    }
    for before, after in yours.items():
        assert text.count(before) == 1, f"{before!r} stands in nginx.conf once"
        text = text.replace(before, after)
    text = text.replace("/etc/nginx/omnigate.pem", str(certificate(folder)))
    text = text.replace("/var/lib/nginx/", f"{folder}/").replace("/var/log/nginx/", f"{folder}/")
    file = folder / "nginx.conf"
    file.write_text(text)
    how = (program.path, "-p", str(folder), "-c", str(file), "-e", "stderr", "-g", "daemon off; pid nginx.pid;")
    return Proxy("nginx", how, (*how, "-t"), program.environment, port)


PROXIES: dict[str, Callable[[Path, Sequence[int]], Proxy]] = {"haproxy": haproxy, "nginx": nginx}


@contextmanager
def standing(proxy: Proxy, folder: Path) -> Iterator[Door]:
    """The proxy for as long as the block lasts, entered when it listens."""
    log = folder / f"{proxy.name}.log"
    with log.open("ab") as written:
        running = subprocess.Popen(
            proxy.command,
            env={**os.environ, **proxy.environment},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    try:
        _await(proxy.port, running, log)
        yield Door(proxy.name, proxy.port, trusting(folder))
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@asynccontextmanager
async def opened(proxy: Proxy, folder: Path) -> AsyncIterator[Door]:
    """The same, without holding up what else runs here: the edge may be in this very process."""
    folder.chmod(0o711)  # nginx's workers may be of another account
    stands = standing(proxy, folder)
    door = await asyncio.to_thread(stands.__enter__)
    try:
        yield door
    finally:
        await asyncio.to_thread(stands.__exit__, None, None, None)


def checked(proxy: Proxy) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **proxy.environment}
    return subprocess.run(proxy.check, env=environment, capture_output=True, text=True, timeout=60, check=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate(folder)))


def certificate(folder: Path) -> Path:
    """A key and its own word for it, good for a day and for this machine."""
    file = folder / "door.pem"
    if file.exists():
        return file
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.touch(mode=0o600)
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    return file


def _await(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{running.args!r} does not listen:\n{log.read_text()[-2000:]}")
