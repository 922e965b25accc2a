"""The worker: claims runs, keeps their leases, performs them side by side, and puts them down when told to stop."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import psycopg
import structlog

from gateway.domain.inventory import InventoryPolicy
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.endings import end
from gateway.errors import GatewayError, Unavailable
from gateway.store import approval_deadlines, backorders, housekeeping, journal, reservation_expiry
from gateway.store.exceptions import Opening, open_exception
from gateway.store.journal import Lease
from gateway.store.pool import Connection
from gateway.store.stock_audit import Finding, audit_daily
from gateway.workflows import engine, unannounced
from gateway.workflows.feed import Feed
from gateway.workflows.invoice_round import tend_invoices
from gateway.workflows.runner import Performance
from gateway.workflows.saga import Saga
from gateway.workflows.snapshots import Snapshots
from gateway.workflows.tools import Tools

log = structlog.get_logger("worker")

BUSY_POLL, IDLE_POLL = 0.05, 0.25  # seconds; polling slows down while there is nothing to do
GATHER = 0.01  # seconds in which more slots come free, so that one claim fills several
SWEEP = 5.0  # seconds between looks for runs whose task was given up
FORGET = 60.0  # seconds between rounds of forgetting what has expired
LATE = 10.0  # seconds between looks for what was not decided or announced in time, and invoices to be matched again
FILL = 10.0  # seconds between looks for goods that orders wait for
PAUSE = 1.0  # seconds before a run that met the database's trouble is taken up again
UNKNOWN_SAGA_PAUSE = 15.0  # a newer worker may know it
DRAIN = 8.0  # seconds for calls under way; the leases settle the rest


class Worker:
    """One process's share of the work: at most `slots` runs at a time."""

    def __init__(
        self,
        sagas: Mapping[str, Saga],
        tools: Tools,
        *,
        slots: int = 16,
        policy: InventoryPolicy | None = None,
        matching: MatchingRules | None = None,
        clocks: PurchaseClocks | None = None,
    ) -> None:
        self.sagas, self.tools, self.slots = sagas, tools, slots
        self.policy, self.matching = policy or InventoryPolicy(), matching or MatchingRules()
        self.clocks = clocks or PurchaseClocks()
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._held: dict[asyncio.Task[None], Lease] = {}
        self._stop = asyncio.Event()
        tools.metrics.holds(lambda: len(self._held), slots=slots)

    def stop(self) -> None:
        """Claim nothing more, put runs down before their next intent, end."""
        self._stop.set()

    async def work(self) -> None:
        """Until stopped. The database going away costs time only."""
        beside = [
            asyncio.create_task(self._regularly(engine.HEARTBEAT, self._extend_leases)),
            asyncio.create_task(self._regularly(SWEEP, self._keep_house)),
            asyncio.create_task(self._regularly(FORGET, self._forget)),
            asyncio.create_task(self._regularly(FORGET, self._keep_stock)),
            asyncio.create_task(self._regularly(FILL, self._fill_backorders)),
            asyncio.create_task(self._regularly(LATE, self._pass_on_approvals)),
            asyncio.create_task(self._regularly(LATE, self._tend_invoices)),
            asyncio.create_task(self._regularly(LATE, self._ask_for_notices)),
            *(asyncio.create_task(feed.follow()) for feed in self._feeds()),
            asyncio.create_task(Snapshots(self.tools, self.policy, holder=self.name).follow()),
        ]
        log.info("worker started", worker=self.name)
        while not self._stop.is_set():
            await self._pause(await self._claim())
        if self._held:
            await asyncio.wait(self._held, timeout=DRAIN)
        await end([*beside, *self._held])
        log.info("worker stopped", worker=self.name)

    def _feeds(self) -> list[Feed]:
        asked = self.tools.back_ends.changes
        return [Feed(source, changes, self.tools, holder=self.name) for source, changes in asked.items()]

    async def _claim(self) -> int:
        free = self.slots - len(self._held)
        if not free:
            return 0
        try:
            claimed = await engine.claim(self.tools.database, self.name, free)
        except (GatewayError, psycopg.Error) as error:
            log.warning("claim failed", error=type(error).__name__)
            return 0
        self.tools.metrics.claimed(len(claimed))
        for lease, task_name in claimed:
            task = asyncio.create_task(self._perform(lease, task_name))
            self._held[task] = lease
            task.add_done_callback(self._put_down)
        return len(claimed)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        self._held.pop(task, None)

    async def _pause(self, claimed: int) -> None:
        """Until it is worth claiming again: a slot came free, or a little time has passed."""
        free = self.slots - len(self._held)
        if claimed and free:
            return
        stop = asyncio.ensure_future(self._stop.wait())
        seconds = (BUSY_POLL if self._held else IDLE_POLL) * (0.75 + self.tools.dice() / 2)
        await asyncio.wait(
            {stop, *self._held} if not free else {stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        stop.cancel()
        if not free:
            await asyncio.sleep(GATHER)

    async def _perform(self, lease: Lease, task_name: str) -> None:
        saga = self.sagas.get(task_name)
        try:
            if saga is None:
                log.error("unknown saga", run_id=lease.run_id, task=task_name)
                async with self.tools.database.connection() as connection:
                    await engine.give_back(connection, lease, UNKNOWN_SAGA_PAUSE)
                return
            await Performance(lease, saga, self.tools).perform(stopping=self._stop.is_set)
        except (Unavailable, psycopg.OperationalError) as error:  # the database's trouble, not this run's
            log.warning("run given back", run_id=lease.run_id, error=type(error).__name__)
            await self._hand_back(lease, lambda connection: engine.give_back(connection, lease, PAUSE))
        except Exception as error:  # a fault of our own code: written down, tried again, parked in the end
            if isinstance(error, psycopg.Error) and journal.is_lost(error):
                log.info("run lost", run_id=lease.run_id)
                return
            self.tools.metrics.crashed()
            log.error("run crashed", run_id=lease.run_id, attempt=lease.attempt, exc_info=error)
            kind, pause = type(error).__name__, 2.0 ** (lease.attempt - 1)
            await self._hand_back(lease, lambda connection: engine.crash(connection, lease, kind, pause))

    async def _hand_back(self, lease: Lease, how: Callable[[Connection], Awaitable[None]]) -> None:
        try:
            async with self.tools.database.connection() as connection:
                await how(connection)
        except (GatewayError, psycopg.Error):
            log.warning("run left to its lease", run_id=lease.run_id)

    async def _extend_leases(self) -> None:
        for task, lease in list(self._held.items()):
            try:
                if not task.done() and not await engine.extend(self.tools.database, lease.engine_run):
                    task.cancel()  # taken over: whatever it is doing, it may write nothing any more
            except (GatewayError, psycopg.Error) as error:  # the others' leases are worth as much
                log.warning("lease not extended", run_id=lease.run_id, error=type(error).__name__)

    async def _keep_house(self) -> None:
        now: datetime = self.tools.clock()
        for run_id in await housekeeping.park_given_up(self.tools.database, now):
            self.tools.metrics.parked("attempts_exhausted")
            log.warning("parked", run_id=run_id, code="attempts_exhausted")

    async def _forget(self) -> None:
        await housekeeping.forget_expired(self.tools.database, self.tools.clock())

    async def _fill_backorders(self) -> None:
        await backorders.wake(self.tools.database)

    async def _pass_on_approvals(self) -> None:
        if passed := await approval_deadlines.pass_on_overdue(self.tools.database, self.tools.mint):
            log.info("approvals passed on", steps=passed)

    async def _tend_invoices(self) -> None:
        if moved := await tend_invoices(self.tools.database, self.matching, self.tools.mint):
            log.info("invoices stand otherwise", invoices=moved)

    async def _ask_for_notices(self) -> None:
        looked = await unannounced.look(self.tools, self.clocks)
        if looked.reminded or looked.told:
            log.info("orders that are not announced", reminded=looked.reminded, told=looked.told)

    async def _keep_stock(self) -> None:
        """Tidy up after reservations that are over, and go on with the day's audit."""
        await reservation_expiry.tidy(self.tools.database, self.tools.mint)
        if found := await audit_daily(self.tools.database, self._tell):
            log.warning("stock does not agree", found=found)

    async def _tell(self, connection: Connection, finding: Finding) -> None:
        opening = Opening(
            self.tools.mint("xcp"), finding.class_, finding.code, finding.subject, finding.evidence(), ("resolve",)
        )
        await open_exception(connection, opening, now=self.tools.clock())

    async def _regularly(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await do()
            except Exception as error:  # what is done beside the work goes on, whatever one round of it meets
                log.warning("housekeeping failed", error=type(error).__name__)
