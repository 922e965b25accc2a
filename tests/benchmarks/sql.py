"""P3's yardstick: FastAPI asking the same database the same question in the same way. Nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Response

from gateway.resources.orders.views import order_view
from gateway.store.gathered import Gathered
from gateway.store.order_views import read_orders
from gateway.store.pool import Database

PARTNER = "bench"
database = Database(os.environ["DATABASE_URL"], connections=8, name="bench-sql")
stored = Gathered(partial(read_orders, database))


@asynccontextmanager
async def opened(app: FastAPI) -> AsyncIterator[None]:
    await database.open()
    yield
    await database.close()


app = FastAPI(lifespan=opened)


@app.get("/v1/orders/{order_id}")
async def get_order(order_id: str) -> Response:
    asked = (order_id, PARTNER)
    row = await stored.get(asked)
    assert row is not None, "P3 asks for orders that are there"
    return Response(order_view(row), media_type="application/json")


@app.get("/healthz")
async def health() -> dict[str, str]:
    return {"status": "alive"}
