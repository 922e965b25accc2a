"""A counter at which one partner reserves: what the front door hands on, without the door."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import HealthCheck, Phase, settings

from gateway.context import Answer, Call, IdempotencyKey
from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.errors import GatewayError
from gateway.resources.inventory import reserving
from gateway.resources.inventory.changing import Change, Changing
from gateway.resources.inventory.reservation_views import body_of
from gateway.store.pool import Database
from gateway.store.reservation_views import read_reservation
from gateway.store.reservations import Reservations

Json = dict[str, Any]
WEB = Principal("partner", "web", "web")
OPERATION = Operation("reserve_stock", "inventory.v1", "POST", "/", "inventory:reserve", "bearer", True, "json", 65536)
POLICY = InventoryPolicy()
UNHURRIED = settings(  # for models that live in the database
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink)
)


def call_for(body: Json, *, key: str, partner: Principal, **path: str) -> Call:
    call = Call("request", datetime.now(UTC), operation=OPERATION, path_parameters=path, principal=partner, body=body)
    call.canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    call.idempotency = IdempotencyKey(key, call.canonical)
    call.check_answer = lambda status, headers, answer: None
    return call


@dataclass(frozen=True, slots=True)
class Counter:
    """Everything that a partner may do with reservations."""

    database: Database
    granting: Reservations
    changing: Changing

    partner: Principal = WEB

    @classmethod
    def over(cls, database: Database, partner: str = "web") -> "Counter":
        changing = Changing(database, POLICY, lambda who, what: (), mint)
        return cls(database, Reservations(database), changing, Principal("partner", partner, partner))

    async def reserve(self, body: Json, key: str) -> Answer | str:
        return await told(
            reserving.reserve(
                call_for(body, key=key, partner=self.partner), self.granting, POLICY, public="", mint=mint
            )
        )

    async def change(self, how: Change, reservation_id: str, body: Json, key: str) -> Answer | str:
        call = call_for(body, key=key, partner=self.partner, reservation_id=reservation_id)
        return await told(self.changing.change(call, how, if_match=()))

    async def look(self, reservation_id: str) -> bytes:
        async with self.database.connection() as connection:
            found = await read_reservation(connection, reservation_id, partner="web")
        assert found is not None, "it was made"
        return body_of(found)

    async def sql(self, statement: str, **values: object) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement.encode(), values)


async def told(answer: Any) -> Answer | str:
    """The answer, or the code of the refusal."""
    try:
        given: Answer = await answer
        return given
    except GatewayError as error:
        return error.code


@dataclass(frozen=True, slots=True)
class Books:
    """A database with two nodes, for tests that are not coroutines."""

    runner: asyncio.Runner
    counter: Counter

    def run(self, act: Awaitable[Any]) -> Any:
        return self.runner.run(_awaited(act))

    def sql(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return self.run(self._rows(statement, values))

    async def _rows(self, statement: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
        async with self.counter.database.connection() as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []


@contextmanager
def open_books(database_url: str) -> Iterator[Books]:
    with asyncio.Runner() as runner:
        database = Database(database_url, connections=4, name="test", patience=20.0)
        runner.run(database.open())
        opened = Books(runner, Counter.over(database))
        opened.sql(
            "insert into partner (partner_id, name, client_id, secret_hash, scopes, plan)"
            " values ('web', 'web', 'web', '', '{}', 'internal')"
        )
        yield opened
        runner.run(database.close())


async def _awaited(act: Awaitable[Any]) -> Any:
    return await act
