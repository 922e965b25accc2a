"""Who asks for a reservation while a transaction is under way is part of the next one: the busier, the cheaper."""

from collections.abc import Sequence
from zlib import crc32

import psycopg

from gateway.errors import BrokenAnswer
from gateway.refusals import IdempotencyInFlight
from gateway.stock_refusals import StockLocked
from gateway.store.accept import outcome_told
from gateway.store.applications import Application
from gateway.store.gathered import Gathered
from gateway.store.pool import Database
from gateway.store.reserving import Outcome, reserve_all

_MET = (IdempotencyInFlight, psycopg.errors.UniqueViolation, psycopg.errors.LockNotAvailable, BrokenAnswer)
_LANES = 3  # transactions at once; the same SKU is always in the same lane, so that who wants it does not wait in two


class Reservations:
    """Grants reservations: each group in one transaction, and one by one where a group met somebody else's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes = [Gathered[Application, Outcome](self._grant) for _ in range(_LANES)]

    async def reserve(self, application: Application) -> Outcome:
        """Raises what keeps the database from deciding; a refusal is an outcome."""
        lane = crc32(application.wish.lines[0].sku.encode()) % _LANES
        with outcome_told(application.call):
            outcome = await self._lanes[lane].get(application)
        assert outcome is not None, "every application has an outcome"
        return outcome

    async def _grant(self, asked: Sequence[Application]) -> dict[Application, Outcome]:
        try:
            return await self._granted(asked)
        except _MET:
            return {application: await self._alone(application) for application in asked}

    async def _granted(self, asked: Sequence[Application]) -> dict[Application, Outcome]:
        try:
            async with self._database.transaction() as connection:
                outcomes = await reserve_all(connection, asked)
        except _MET:
            for application in asked:
                application.call.effect = "none"  # all of it was taken back
            raise
        for application in asked:
            if application.call.effect == "unknown":
                application.call.effect = "applied"
        return outcomes

    async def _alone(self, application: Application) -> Outcome:
        """Whoever was first with its key or its attempt has committed by now, unless locks are held for very long."""
        try:
            return (await self._granted([application]))[application]
        except (IdempotencyInFlight, psycopg.errors.UniqueViolation):
            return IdempotencyInFlight("another request for the same is being answered; repeat it", effect="none")
        except psycopg.errors.LockNotAvailable:
            return StockLocked("the stock is being worked on; repeat the request", effect="none")
        except BrokenAnswer as error:
            return error
