"""A whole installation in processes of its own: sandbox, edges and workers over one database."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from signal import SIGKILL, SIGTERM

from cryptography.fernet import Fernet
from httpx2 import AsyncBaseTransport, AsyncClient, HTTPError, Limits

from gateway.app import open_secrets
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners import SCOPES
from gateway.partners.callback_secrets import new_callback_secret
from gateway.partners.operators import BOOTSTRAP, OperatorRegistry
from gateway.partners.registry import Credentials, Registry
from gateway.settings import Settings
from gateway.store.migrate import migrate
from gateway.store.pool import Database
from tests.proof.books import Promised, effects, faults
from tests.proof.client import CHANNEL, SKUS, Channel
from tests.proof.ground import Ground
from tests.proof.processes import ROOT, Process, free_port, start, until

STARTED = 60.0  # seconds a process may take to come up on a busy machine


@dataclass
class Rig:
    """The processes, how they are started, and what a client and an auditor need of them."""

    settings: Settings
    environment: dict[str, str]
    catalogue: Path
    sandbox_port: int
    credentials: Credentials
    sandbox: AsyncClient
    processes: list[Process] = field(default_factory=list)
    tree: Path = ROOT  # whose sources run

    @property
    def home(self) -> Path:
        return self.settings.home

    def launch(self, name: str, *command: str, **environment: str) -> Process:
        log = self.home / f"{name}.log"
        process = start(name, *command, environment={**self.environment, **environment}, log=log, tree=self.tree)
        self.processes.append(process)
        return process

    async def start_sandbox(self) -> Process:
        options = ("--port", str(self.sandbox_port), "--catalogue", str(self.catalogue))
        process = self.launch("sandbox", "sandbox", *options)
        await self.answers(f"http://127.0.0.1:{self.sandbox_port}/healthz", process)
        return process

    async def start_edge(self, port: int | None = None) -> tuple[Process, str]:
        """An edge and its address; the first one is the public one."""
        port = port or self.settings.port
        process = self.launch(f"edge-{port}", "serve", OMNIGATE_PORT=str(port))
        address = f"http://127.0.0.1:{port}"
        await self.answers(f"{address}/readyz", process)
        return process, address

    def start_worker(self) -> Process:
        return self.launch("worker", "worker")

    async def run(self, name: str, *command: str, within: float = 60.0) -> None:
        """A command that ends, and well."""
        process = self.launch(name, *command)
        code = await asyncio.to_thread(process.running.wait, within)
        assert code == 0, f"{name} ended with {code}:\n{process.log.read_text()[-2000:]}"

    async def answers(self, url: str, process: Process) -> None:
        async def ready() -> bool:
            assert process.alive, f"{process.name} has ended:\n{process.log.read_text()[-2000:]}"
            try:
                return (await http.get(url)).status_code == 200
            except HTTPError:
                return False

        async with AsyncClient() as http:
            await until(ready, what=f"{process.name} answers at {url}", within=STARTED)

    @asynccontextmanager
    async def channel(
        self, address: str, *, transport: AsyncBaseTransport | None = None, whose: Credentials | None = None
    ) -> AsyncIterator[Channel]:
        """The partner's, or *whose* else."""
        limits = Limits(max_connections=64, max_keepalive_connections=64)
        async with AsyncClient(base_url=address, timeout=15.0, limits=limits, transport=transport) as http:
            who = whose or self.credentials
            basic = (who.client_id, who.client_secret)
            answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=basic)
            assert answer.status_code == 200, answer.text
            yield Channel(http, answer.json()["access_token"])

    async def operator(self, name: str, role: str) -> Credentials:
        """One more, besides the admin."""
        database = Database(self.environment["DATABASE_URL"], connections=2, name="proof")
        await database.open()
        try:
            registry = OperatorRegistry(database, clock=system_clock, mint=mint)
            return await registry.add(name, roles=frozenset({role}), by="proof")
        finally:
            await database.close()

    async def supplier(self, name: str) -> Credentials:
        """A partner that acts for a supplier, and for nobody else."""
        database = Database(self.environment["DATABASE_URL"], connections=2, name="proof")
        await database.open()
        try:
            registry = Registry(database, clock=system_clock, mint=mint)
            may = frozenset({"suppliers:read", "suppliers:write"})
            return await registry.add(name, channels=frozenset(), scopes=may, plan="internal", operator="proof")
        finally:
            await database.close()

    async def audit(self, channel: Channel, *, within: float = 90.0) -> list[Promised]:
        """Waits until every acknowledged order has ended, and for the books to agree with it."""
        pending = {acked.order_id for acked in channel.acked}

        async def at_rest() -> bool:
            pending.difference_update([name for name in pending if await channel.has_ended(name)])
            return not pending

        await until(at_rest, what="every order has ended", within=within, pause=0.5)
        promised = [Promised(acked.body, await channel.look(acked.order_id)) for acked in channel.acked]
        assert faults(await effects(self.sandbox), promised) == []
        return promised


@asynccontextmanager
async def open_rig(
    url: str,
    home: Path,
    *,
    catalogue: Path | None = None,
    ground: Ground | None = None,
    nodes: Path | None = None,
    plan: str = "internal",
    settings_too: Mapping[str, str] | None = None,
    tree: Path = ROOT,
) -> AsyncIterator[Rig]:
    """A migrated database with one partner and stock, and its sandbox; edges and workers are started by the test.
    *catalogue* or *ground*: what lies where, if not the usual."""
    port, sandbox_port = free_port(), free_port()
    back_end = f"http://127.0.0.1:{sandbox_port}"
    key, secret = Fernet.generate_key().decode(), new_callback_secret().decode()
    environment = {
        "OMNIGATE_HOME": str(home),
        "DATABASE_URL": url,
        "OMNIGATE_SECRET_KEY": key,
        "OMNIGATE_PORT": str(port),
        "OMNIGATE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OMNIGATE_PAYMENTS_URL": f"{back_end}/psp",
        "OMNIGATE_ERP_URL": f"{back_end}/erp",
        "OMNIGATE_WMS_URL": f"{back_end}/wms",
        "SANDBOX_CALLBACK_SECRET": secret,
        "SANDBOX_STRIPE_SECRET": f"whsec_{token_hex(16)}",
        **(settings_too or {}),
    }
    settings = Settings(
        home=home,
        DATABASE_URL=url,
        secret_key=key,
        port=port,
        payments_url=environment["OMNIGATE_PAYMENTS_URL"],
        erp_url=environment["OMNIGATE_ERP_URL"],
        wms_url=environment["OMNIGATE_WMS_URL"],
    )
    migrate(url)
    ours = dict.fromkeys(("wms", "store", "psp", "carrier"), secret)
    told_by = {**ours, "stripe": environment["SANDBOX_STRIPE_SECRET"]}
    credentials, operator = await _furnish(settings, url, told_by, plan=plan)
    environment |= {
        "OMNIGATE_OPERATOR_ID": operator.client_id,
        "OMNIGATE_OPERATOR_SECRET": operator.client_secret,
    }
    catalogue = ground.write_catalogue(home) if ground else catalogue or write_catalogue(home)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(AsyncClient(base_url=back_end, timeout=30.0))
        rig = Rig(settings, environment, catalogue, sandbox_port, credentials, sandbox, tree=tree)
        stack.callback(_end_all, rig)
        await rig.start_sandbox()
        if ground is not None:
            await rig.run("nodes", "inventory", "nodes", "load", str(ground.write_nodes(home)))
        if nodes is not None:
            await rig.run("nodes", "inventory", "nodes", "load", str(nodes))
        await rig.run("inventory", "inventory", "sync")
        yield rig


async def _furnish(
    settings: Settings, url: str, told_by: Mapping[str, str], *, plan: str
) -> tuple[Credentials, Credentials]:
    """Its partner and its operator."""
    database = Database(url, connections=2, name="proof")
    await database.open()
    try:
        for system, secret in told_by.items():
            await open_secrets(settings, database).put(f"callback:{system}", secret.encode())
        operators = OperatorRegistry(database, clock=system_clock, mint=mint)
        operator = await operators.add("proof", roles=frozenset({"admin"}), by=BOOTSTRAP)
        registry, channels = Registry(database, clock=system_clock, mint=mint), frozenset({CHANNEL})
        partner = await registry.add("web", channels=channels, scopes=SCOPES, plan=plan, operator="proof")
        return partner, operator
    finally:
        await database.close()


def write_catalogue(folder: Path) -> Path:
    path = folder / "catalogue.csv"
    path.write_text("sku,gtin,on_hand\n" + "".join(f"{sku},,1000000\n" for sku in SKUS))
    return path


def _end_all(rig: Rig) -> None:
    for process in rig.processes:
        if process.alive:
            process.end(SIGTERM if process.name != "sandbox" else SIGKILL)
